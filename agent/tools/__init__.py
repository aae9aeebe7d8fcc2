"""What a model may do: parse, call one service method, return a typed view. No logic."""
