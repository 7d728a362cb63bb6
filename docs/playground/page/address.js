// The code in the address: after "#", so that it is sent to no server; packed, so that a link stays short.
//
//   #example=xor     an example as it is
//   #code=…          anything else: UTF-8, deflated, in base64 for addresses

/** Longer code is not kept in the address: mail and chat cut such links. */
const LONGEST = 30000;
/** What a link may unpack to. */
const MOST = 200000;

async function through(stream, bytes, most = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader(),
    parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) throw new RangeError("too long");
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The code as what stands after "#"; "" if it is too long for that. */
export async function packed(code) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(code));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  const made = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return made.length > LONGEST ? "" : `code=${made}`;
}

/** The code after "#", or null where there is none that can be read. */
export async function unpacked(hash) {
  const found = /^#?code=([\w-]+)$/.exec(hash);
  if (!found) return null;
  try {
    const text = atob(found[1].replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(
      await through(new DecompressionStream("deflate-raw"), bytes, MOST),
    );
  } catch {
    return null;
  }
}
