# Whether a line can be a person's public key. Needs builtins alone.
{
  # What the example says until somebody puts their own key there.
  placeholder = key: builtins.match ".*(REPLACE-ME|CHANGE-ME|AAAA…).*" key != null;

  public = key: builtins.match "(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]{40,}={0,3}( .*)?" key != null;
}
