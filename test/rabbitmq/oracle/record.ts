/**
 * Writes down what a real broker does in every scenario:
 * `npx tsx test/rabbitmq/oracle/record.ts <release> <folder of amqplib> <port> <rabbitmqctl>`,
 * for a new node on 127.0.0.1. rabbitmqctl (one word, a script that names the node) sets policies
 * and users. With names of scenarios behind it, only these are played, and printed.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RealBroker } from './real-broker.ts';
import { scenarios } from './scenarios.ts';

const [release, amqplib, port, control, ...only] = process.argv.slice(2);
if (release === undefined || amqplib === undefined || port === undefined || control === undefined) {
  console.error('record.ts <release> <folder of amqplib> <port> <rabbitmqctl> [scenario]...');
  process.exit(2);
}
const broker = await RealBroker.of({ amqplib, port: Number(port), control });
const chosen = scenarios.filter(({ name }) => only.length === 0 || only.includes(name));
const parts: string[] = [];
for (const scenario of chosen) {
  const lines = await broker.play(scenario);
  parts.push(`== ${scenario.name}\n${lines.join('\n')}\n`);
  if (only.length > 0) console.log(parts.at(-1));
}
if (only.length === 0) {
  const file = fileURLToPath(new URL(`recorded/${release}.txt`, import.meta.url));
  writeFileSync(file, `RabbitMQ ${release}\n\n${parts.join('\n')}`);
  console.log(`${chosen.length} scenarios in ${file}`);
}
process.exit(0);
