/**
 * `highwater serve`: real listeners for real clients, on this machine's loopback.
 *
 * The first SIGINT or SIGTERM is a controlled shutdown, the second ends at once. Not here: the
 * cluster's life (`node/serve`).
 */
import { createWriteStream } from 'node:fs';
import { ConfigError } from '../../kafka/config.ts';
import { newestProfile, profileNames, profileOf } from '../../kafka/profiles.ts';
import * as rabbitmq from '../../rabbitmq/profiles.ts';
import {
  CONTROLLER_ID,
  bindKafkaNames,
  checkKafkaSettings,
  kafkaNodes,
} from '../serve/kafka-nodes.ts';
import type { KafkaClusterOptions } from '../serve/kafka-nodes.ts';
import { rabbitNodes } from '../serve/rabbitmq-nodes.ts';
import { ServeError, Server } from '../serve/server.ts';
import type { NameTable } from '../adapters/name-table.ts';
import type { ServedNode } from '../serve/served-node.ts';
import { oneOf, pairs, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

const PORT = { min: 1, max: 65_000, preset: 9092 };
const BROKERS = { min: 1, max: 9, preset: 1 };
const CONTROLLERS = { min: 1, max: 5, preset: 1 };
const AMQP = { min: 1, max: 65_000, preset: 5672 };
/** A controlled shutdown that takes longer is cut short; Kafka tries three times, 5 s apart. */
const STOP_MS_MAX = 15_000;
/** The exit code of a program that a second SIGINT ends. */
const INTERRUPTED = 130;

export const serve: Command = {
  name: 'serve',
  summary: 'listen for real clients: a Kafka cluster or a RabbitMQ node on this machine',
  usage: `highwater serve [--kafka port] [--brokers n] [--amqp port] [--data folder] [options]

Serves a Kafka cluster of n brokers and a controller on 127.0.0.1 until Ctrl-C: broker 1 on the
port, broker 2 on the next, and so on. What clients wrote is in the folder and is found again.
With --amqp it serves a RabbitMQ node (user guest, password guest, virtual host /), and Kafka only
if --kafka is there too; what is declared durable on the RabbitMQ node is in the folder, too.

  --kafka port        the port of the first broker (default ${PORT.preset})
  --amqp port         the port of a RabbitMQ node (${AMQP.preset} is AMQP's own)
  --rabbitmq name     the release of RabbitMQ to behave like (default ${rabbitmq.newestProfile})
  --controllers n     controllers, 1 to ${CONTROLLERS.max} (default ${CONTROLLERS.preset})
  --brokers n         brokers, 1 to ${BROKERS.max} (default ${BROKERS.preset})
  --data folder       where the logs are (default highwater-data)
  --profile name      the release to behave like (default ${newestProfile})
  --set name=value    a setting of the brokers, by its real name; may be repeated
  --node id           runs one node only, a broker by its number or the controller by
                      ${CONTROLLER_ID}; start the others with the same options
  --trace file        writes what the nodes do to a file, one JSON object a line

Profiles: ${profileNames[0]} to ${newestProfile}, one for each minor release;
${rabbitmq.profileNames[0]} to ${rabbitmq.newestProfile} likewise.`,

  async run(args) {
    const { values } = parse(args, {
      kafka: { type: 'string' },
      amqp: { type: 'string' },
      rabbitmq: { type: 'string' },
      brokers: { type: 'string' },
      controllers: { type: 'string' },
      data: { type: 'string' },
      profile: { type: 'string' },
      set: { type: 'string', multiple: true },
      node: { type: 'string' },
      trace: { type: 'string' },
    });
    const profile = profileOf(oneOf('profile', values['profile'], profileNames, newestProfile));
    const brokers = wholeNumber('brokers', values['brokers'], BROKERS);
    const controllers = wholeNumber('controllers', values['controllers'], CONTROLLERS);
    const cluster: KafkaClusterOptions = {
      port: wholeNumber('kafka', values['kafka'], PORT),
      brokers,
      controllers,
      profile,
      settings: pairs('set', values['set']),
      ...nodeOf(values['node'], { brokers, controllers }),
    };
    checkSettings(cluster);
    const rabbit = rabbitOf(values);
    const isKafka = rabbit.length === 0 || values['kafka'] !== undefined;
    const nodes = isKafka ? [...kafkaNodes(cluster), ...rabbit] : rabbit;
    const data = typeof values['data'] === 'string' ? values['data'] : 'highwater-data';
    const trace = typeof values['trace'] === 'string' ? values['trace'] : undefined;
    const bindNames = (names: NameTable) => isKafka && bindKafkaNames(names, cluster);
    return await serveUntilStopped(nodes, bindNames, { data, trace });
  },
};

function rabbitOf(values: Readonly<Record<string, unknown>>): readonly ServedNode[] {
  const { profileNames: known, newestProfile: newest } = rabbitmq;
  const name = oneOf('rabbitmq', values['rabbitmq'], known, newest);
  if (values['amqp'] === undefined) {
    if (values['rabbitmq'] === undefined) return [];
    throw new UsageError('--rabbitmq is for a node that --amqp serves');
  }
  const port = wholeNumber('amqp', values['amqp'], AMQP);
  return rabbitNodes({ port, profile: rabbitmq.profileOf(name) });
}

function nodeOf(
  given: unknown,
  { brokers, controllers }: { readonly brokers: number; readonly controllers: number },
): { nodeId?: number } {
  if (given === undefined) return {};
  const nodeId = Number(given);
  const isBroker = Number.isInteger(nodeId) && nodeId >= 1 && nodeId <= brokers;
  const place = nodeId - CONTROLLER_ID;
  if (isBroker || (place >= 0 && place < controllers)) return { nodeId };
  const known = `1 to ${brokers}, or from ${CONTROLLER_ID} on for a controller`;
  throw new UsageError(`--node is ${known}, not '${String(given)}'`);
}

function checkSettings(cluster: KafkaClusterOptions): void {
  try {
    checkKafkaSettings(cluster);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(`--set: ${error.message}`);
    throw error;
  }
}

async function serveUntilStopped(
  nodes: readonly ServedNode[],
  bindNames: (names: NameTable) => void,
  { data, trace: traceFile }: { readonly data: string; readonly trace: string | undefined },
): Promise<number> {
  const trace = traceFile === undefined ? undefined : createWriteStream(traceFile);
  const server = new Server(nodes, {
    data,
    log: (line) => console.error(line),
    bindNames,
    ...(trace === undefined ? {} : { traceLine: (line: string) => void trace.write(`${line}\n`) }),
  });
  const stopAsked = new Promise<void>((resolve) => onSignal(server, resolve));
  try {
    const started = server.start().then((ready) => ready && announce(nodes));
    await Promise.race([started, stopAsked]);
    await Promise.race([started.then(() => server.ended()), stopAsked]);
    const inTime = await server.stop(STOP_MS_MAX);
    if (!inTime) console.error('the controlled shutdown took too long and was cut short');
  } catch (error) {
    if (!(error instanceof ServeError)) throw error;
    console.error(`highwater serve: ${error.message}`);
    return 1;
  }
  trace?.end();
  return server.failed.length === 0 ? 0 : 1;
}

function announce(nodes: readonly ServedNode[]): void {
  for (const { name, listeners } of nodes) {
    for (const { protocol, address } of listeners) {
      console.log(`${protocol}: ${name} at ${address.host}:${address.port}`);
    }
  }
  console.log('ready; Ctrl-C stops');
}

function onSignal(server: Server, stop: () => void): void {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) {
        server.end();
        process.exit(INTERRUPTED);
      }
      asked = true;
      console.log('stopping; once more ends at once');
      stop();
    });
  }
}
