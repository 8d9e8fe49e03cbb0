/**
 * How many records a second a stock client gets acknowledged by `highwater serve`: kafkajs, records
 * of 1 KB in sends of 500, one partition, acks=all, client and server in a program each.
 *
 * Beside it: kafkajs against a broker that does nothing but answer took 104,000 a second on the
 * machine of the reference, so the client is part of the figure.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ProduceResult {
  readonly recordsPerSecond: number;
  readonly records: number;
  readonly brokers: number;
}

export interface ProduceOptions {
  /** As many brokers as replicas. */
  readonly brokers: number;
  /** The first of as many free ports, and one more. */
  readonly port: number;
}

const LAUNCHER = fileURLToPath(new URL('../command/highwater.mjs', import.meta.url));
const SEND_RECORDS = 500;
const SENDS_WARM = 40;
const SENDS = 200;
const VALUE = Buffer.alloc(1000, 'x');

/** Serves a cluster in a temporary folder, produces to it, and takes both away again. */
export async function benchProduce(options: ProduceOptions): Promise<ProduceResult> {
  const { brokers, port } = options;
  const folder = mkdtempSync(join(tmpdir(), 'highwater-bench-'));
  const args = ['serve', '--kafka', `${port}`, '--brokers', `${brokers}`, '--data', folder];
  const server = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 2] });
  try {
    await ready(server);
    const ms = await produce(port, brokers);
    const records = SENDS * SEND_RECORDS;
    return { recordsPerSecond: Math.floor((records * 1000) / ms), records, brokers };
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ready(server: ChildProcess): Promise<void> {
  let text = '';
  server.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (!text.includes('ready;')) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Milliseconds for the sends that count. */
async function produce(port: number, replicationFactor: number): Promise<number> {
  const { Kafka, logLevel } = await import('kafkajs');
  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = [{ topic: 'bench', numPartitions: 1, replicationFactor }];
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: SEND_RECORDS }, () => ({ value: VALUE, partition: 0 }));
  let began = 0;
  for (let count = -SENDS_WARM; count < SENDS; count++) {
    if (count === 0) began = performance.now();
    await producer.send({ topic: 'bench', acks: -1, messages });
  }
  const ms = performance.now() - began;
  await producer.disconnect();
  return ms;
}
