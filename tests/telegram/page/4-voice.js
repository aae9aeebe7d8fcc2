// Voice messages as Telegram's apps make them: Opus in an Ogg file.

const canSpeak = "MediaStreamTrackProcessor" in globalThis && "AudioEncoder" in globalThis;

// Records until `stop`; that resolves with the file and its seconds.
async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [track] = stream.getAudioTracks();
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  const packets = [];
  let channels = 0;
  const encoder = new AudioEncoder({
    output(chunk) {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      packets.push({ bytes, samples: Math.round(chunk.duration * 0.048) });
    },
    error() { track.stop(); },
  });
  const heard = (async () => {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      if (!channels) {
        channels = value.numberOfChannels;
        encoder.configure({ codec: "opus", sampleRate: value.sampleRate, numberOfChannels: channels, bitrate: 24000 });
      }
      encoder.encode(value);
      value.close();
    }
  })();
  return async () => {
    track.stop();
    await heard;
    if (channels) await encoder.flush();
    encoder.close();
    const samples = packets.reduce((sum, packet) => sum + packet.samples, 0);
    return { file: ogg(packets, channels), seconds: Math.max(1, Math.round(samples / 48000)) };
  };
}

const ascii = (text) => Array.from(text, (letter) => letter.charCodeAt(0));
const little = (number, bytes) => Array.from({ length: bytes }, (_, at) => Math.floor(number / 256 ** at) % 256);

// The pages of an Ogg file: two of headers, then half a second of sound in each.
function ogg(packets, channels) {
  const serial = Math.floor(Math.random() * 2 ** 32);
  const head = [...ascii("OpusHead"), 1, channels, ...little(312, 2), ...little(48000, 4), 0, 0, 0];
  const tags = [...ascii("OpusTags"), ...little(6, 4), ...ascii("voxnix"), ...little(0, 4)];
  const pages = [page([head], 2, 0, serial, 0), page([tags], 0, 0, serial, 1)];
  let granule = 0;
  for (let at = 0; at < packets.length; at += 25) {
    const part = packets.slice(at, at + 25);
    granule += part.reduce((sum, packet) => sum + packet.samples, 0);
    pages.push(page(part.map((packet) => packet.bytes), at + 25 < packets.length ? 0 : 4, granule, serial, pages.length));
  }
  return new Blob(pages, { type: "audio/ogg" });
}

function page(packets, kind, granule, serial, number) {
  const lengths = packets.flatMap((packet) => [...Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255]);
  const header = [...ascii("OggS"), 0, kind, ...little(granule, 8), ...little(serial, 4), ...little(number, 4), 0, 0, 0, 0];
  const bytes = Uint8Array.from([...header, lengths.length, ...lengths, ...packets.flatMap((packet) => [...packet])]);
  bytes.set(little(checksum(bytes), 4), 22);
  return bytes;
}

function checksum(bytes) {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) sum = sum << 1 ^ (sum < 0 ? 0x04c11db7 : 0);
  }
  return sum >>> 0;
}
