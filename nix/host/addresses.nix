# What follows from the address of the bridge, such as "10.88.0.1/16". Needs builtins alone.
let
  parse =
    text:
    let
      parts = builtins.match "([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})/([0-9]{1,2})" text;
      # fromJSON takes no leading zero, and neither does an address.
      plain = part: builtins.match "0|[1-9][0-9]*" part != null;
      numbers = map builtins.fromJSON parts;
    in
    if
      parts == null
      || !builtins.all plain parts
      || builtins.any (number: number > 255) numbers
      || builtins.elemAt numbers 4 > 32
    then
      null
    else
      {
        bytes = map (builtins.elemAt numbers) [
          0
          1
          2
          3
        ];
        length = builtins.elemAt numbers 4;
      };
  power = exponent: if exponent == 0 then 1 else 2 * power (exponent - 1);
  toNumber = builtins.foldl' (sum: byte: sum * 256 + byte) 0;
  divide = number: by: number / by;
  show =
    number:
    builtins.concatStringsSep "." (
      map (shift: toString (divide number shift - divide number (shift * 256) * 256)) [
        16777216
        65536
        256
        1
      ]
    );
in
{
  # Whether it is an address on a network that has room for guests.
  valid =
    text:
    let
      parsed = parse text;
    in
    parsed != null && parsed.length >= 8 && parsed.length <= 24;

  # address: of the bridge; network: with its prefix; first, last and netmask: of what guests are given.
  # The first 256 addresses are left to the machine where the network is bigger than that, else the first half.
  of =
    text:
    let
      parsed = parse text;
      number = toNumber parsed.bytes;
      size = power (32 - parsed.length);
      base = number - (number - divide number size * size);
    in
    {
      address = show number;
      network = "${show base}/${toString parsed.length}";
      first = show (base + (if size > 256 then 256 else 128));
      last = show (base + size - 2);
      netmask = show (4294967296 - size);
    };
}
