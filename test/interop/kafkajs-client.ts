/** A stock kafkajs for the served cluster. What it is asked to do is each test's own. */
import { Kafka, logLevel } from 'kafkajs';
import type { RetryOptions } from 'kafkajs';
import type { Served } from './served.ts';

export function kafkajsFor({ addresses }: Served, retry: RetryOptions = { retries: 10 }): Kafka {
  return new Kafka({
    clientId: 'interop',
    brokers: [...addresses],
    logLevel: logLevel.NOTHING,
    retry,
  });
}
