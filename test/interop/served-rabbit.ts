/** `highwater serve --amqp` for stock clients: a node of its own release on a free port. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProfileName } from '../../engine/rabbitmq/profiles.ts';
import { freePorts, Program } from './served.ts';

/** A RabbitMQ node that a program serves. */
export interface ServedRabbit {
  readonly port: number;
  readonly url: string;
  readonly program: Program;
  /** Kills what still runs and removes the data. */
  clear(): Promise<void>;
}

/** The node, not started yet. */
export async function servedRabbit(release: ProfileName): Promise<ServedRabbit> {
  const port = await freePorts(1);
  const data = mkdtempSync(join(tmpdir(), 'highwater-amqp-'));
  const args = ['serve', '--amqp', `${port}`, '--rabbitmq', release, '--data', data];
  const program = new Program(args);
  const clear = async (): Promise<void> => {
    await program.end('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  };
  return { port, url: `amqp://guest:guest@127.0.0.1:${port}`, program, clear };
}
