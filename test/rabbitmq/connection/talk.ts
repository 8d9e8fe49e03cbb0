/**
 * Plays an error case against a broker on a socket, real or ours, and says what it answered, a line
 * each: methods by name, closes with code, text and ids, and the end of the socket in seconds.
 */
import { connect } from 'node:net';
import { amqpProtocol } from '../../../engine/wire/amqp/protocol.ts';
import { command, type AmqpMessage, type Command } from '../../../engine/wire/amqp/command.ts';
import { rules, type ErrorCase } from './error-cases.ts';

/** The client's part until the case begins, with the answer that each step waits for. */
const STEPS = [
  ['nothing', rules.header, 'connection.start'],
  ['header', rules.startOk, 'connection.tune'],
  ['start-ok', rules.tuneOk, null],
  ['tune-ok', rules.open, 'connection.open-ok'],
  ['open', rules.channel, 'channel.open-ok'],
] as const;

/** After the last answer, when nothing more is expected. */
const QUIET_MS = 400;
/** A silent close takes 3 s. */
const PATIENCE_MS = 5000;

export function talk(port: number, { after, octets }: ErrorCase): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const codec = amqpProtocol.codec('client');
    // It is told what the octets of the rules say.
    codec.encode(command(0, 'connection.tune-ok', {}));
    codec.encode(command(0, 'connection.open', {}));
    const lines: string[] = [];
    const socket = connect(port, '127.0.0.1');
    let step = 0;
    let sentAt = 0;
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve([...lines]);
    };
    const wait = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(finish, ms);
    };
    const next = (): void => {
      const at = STEPS[step];
      if (at === undefined || at[0] === after) {
        socket.write(octets);
        sentAt = performance.now();
        wait(PATIENCE_MS);
        return;
      }
      step++;
      socket.write(at[1]);
      if (at[2] === null) next();
    };
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      for (const message of codec.decode(chunk).messages as readonly AmqpMessage[]) {
        if (sentAt === 0) {
          next();
          continue;
        }
        if (message.kind === 'heartbeat') continue;
        const line = printed(message);
        lines.push(line);
        // Of its own accord nothing more is said after an answer; a refused header ends the socket.
        if (message.kind === 'command') wait(QUIET_MS);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (sentAt === 0) reject(new Error(`closed before the case, step ${step}`));
      lines.push(`closed after ${Math.round((performance.now() - sentAt) / 1000)} s`);
      finish();
    });
  });
}

function printed(message: AmqpMessage): string {
  if (message.kind !== 'command') return amqpProtocol.describe(message);
  const { name, channel } = message;
  if (name !== 'connection.close' && name !== 'channel.close') return `${name} on ${channel}`;
  const { replyCode, replyText, classId, methodId } = (message as Closing).args;
  return `${name} ${replyCode} '${replyText}' ${classId}.${methodId} on ${channel}`;
}

type Closing = Extract<Command, { name: 'connection.close' | 'channel.close' }>;
