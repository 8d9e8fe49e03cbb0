/**
 * Writes down what a real broker with share groups answers: `npx tsx test/oracle/record-share.ts
 * <release> <address>` (`recorded/README.md` says how to start one).
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { converseAboutSharing } from './cases-share.ts';

const [release, address] = process.argv.slice(2);
if (release === undefined || address === undefined) {
  console.error('record-share.ts <release> <address>');
  process.exit(2);
}
const exchanges = await converseAboutSharing(address, `t${process.pid}`);
const lines = exchanges.map((exchange) => `${JSON.stringify(exchange)}\n`);
const file = fileURLToPath(new URL(`recorded/${release}-share.jsonl`, import.meta.url));
writeFileSync(file, lines.join(''));
console.log(`${exchanges.length} exchanges in ${file}`);
