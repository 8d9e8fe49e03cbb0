/**
 * Writes down what a real broker answers: `npx tsx test/oracle/record.ts <release> <address>...`,
 * the addresses being those of the brokers 1, 2 and 3 of a cluster of that release with the
 * settings of its release (`recorded/README.md` says how to start one).
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { converse } from './conversation.ts';

const [release, ...addresses] = process.argv.slice(2);
if (release === undefined || addresses.length !== 3) {
  console.error('record.ts <release> <address of broker 1> <of 2> <of 3>');
  process.exit(2);
}
const exchanges = await converse(addresses, `t${process.pid}`);
const lines = exchanges.map((exchange) => `${JSON.stringify(exchange)}\n`);
const file = fileURLToPath(new URL(`recorded/${release}.jsonl`, import.meta.url));
writeFileSync(file, lines.join(''));
console.log(`${exchanges.length} exchanges in ${file}`);
