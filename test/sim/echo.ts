/**
 * A small protocol and its two processes, by which the tests of the worlds see order, loss and
 * closing without a broker. Not here: Kafka.
 */
import type { Connection, Ports, Process, Protocol, Receiver } from '../../engine/kernel/ports.ts';

/** Frames of a 4-byte length and as many bytes; a message is `{ text }`, ASCII. */
export const textProtocol: Protocol = {
  name: 'text',
  size: (message) => 4 + textOf(message).length,
  describe: (message) => textOf(message),
  codec: () => {
    let kept = new Uint8Array(0);
    return {
      encode(message) {
        const text = textOf(message);
        const frame = new Uint8Array(4 + text.length);
        new DataView(frame.buffer).setInt32(0, text.length);
        for (let place = 0; place < text.length; place++) frame[4 + place] = text.charCodeAt(place);
        return frame;
      },
      decode(chunk) {
        const joined = new Uint8Array(kept.length + chunk.length);
        joined.set(kept);
        joined.set(chunk, kept.length);
        const messages: unknown[] = [];
        let place = 0;
        while (joined.length - place >= 4) {
          const length = new DataView(joined.buffer).getInt32(place);
          if (length < 0 || length > 1_000_000) return { messages, violation: 'length' };
          if (joined.length - place - 4 < length) break;
          const body = joined.subarray(place + 4, place + 4 + length);
          messages.push({ text: Array.from(body, (byte) => String.fromCharCode(byte)).join('') });
          place += 4 + length;
        }
        kept = joined.slice(place);
        return { messages };
      },
    };
  },
};

function textOf(message: unknown): string {
  return (message as { text: string }).text;
}

/** Answers each text with the same; keeps what it heard. */
export class EchoServer implements Process {
  readonly heard: string[] = [];
  readonly closes: string[] = [];
  readonly ports: Ports;

  constructor(ports: Ports) {
    this.ports = ports;
  }

  start(): void {
    this.ports.network.listen(7, textProtocol, (connection): Receiver => ({
      received: (message) => {
        const text = textOf(message);
        this.heard.push(text);
        this.ports.cost.charge('request', 1);
        connection.send({ text: `echo ${text}` });
      },
      closed: (reason) => this.closes.push(reason),
    }));
  }
}

/** Connects to `server`, sends what it is told to, and keeps what it heard. */
export class EchoClient implements Process {
  readonly heard: string[] = [];
  readonly closes: string[] = [];
  readonly ports: Ports;
  opened = 0;
  drained = 0;
  connection!: Connection;

  constructor(ports: Ports) {
    this.ports = ports;
  }

  start(): void {
    this.connect();
  }

  connect(): void {
    this.connection = this.ports.network.connect({ host: 'server', port: 7 }, textProtocol, {
      opened: () => this.opened++,
      received: (message) => this.heard.push(textOf(message)),
      drained: () => this.drained++,
      closed: (reason) => this.closes.push(reason),
    });
  }

  say(...texts: string[]): void {
    for (const text of texts) this.connection.send({ text });
  }
}
