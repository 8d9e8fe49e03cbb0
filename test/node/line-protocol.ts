/**
 * A protocol as small as can be: a message is a text of ASCII, a frame is the text and a newline.
 * A carriage return is what it cannot parse.
 */
import type { Protocol } from '../../engine/kernel/ports.ts';

export const lineProtocol: Protocol = {
  name: 'line',
  size: (message) => (message as string).length + 1,
  describe: (message) => (message as string).slice(0, 20),
  codec: () => {
    let kept = '';
    return {
      encode: (message) => ascii(`${message as string}\n`),
      decode(chunk) {
        kept += Buffer.from(chunk).toString('latin1');
        const lines = kept.split('\n');
        kept = lines.pop()!;
        const bad = lines.findIndex((line) => line.includes('\r'));
        if (bad >= 0) return { messages: lines.slice(0, bad), violation: 'a carriage return' };
        if (kept.includes('\r')) return { messages: lines, violation: 'a carriage return' };
        return { messages: lines };
      },
    };
  },
};

export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
