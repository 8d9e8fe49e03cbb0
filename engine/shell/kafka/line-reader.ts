/**
 * Lines as records: what `kafka-console-producer.sh` makes of a line by its reader's properties.
 *
 * Source: `org.apache.kafka.tools.LineMessageReader`. Not here: who sends them
 * (`console-producer.ts`).
 */
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import type { ProducerRecord } from '../../kafka/client/producer/producer.ts';
import type { RecordHeader } from '../../wire/kafka/record.ts';

/** A record, or the message of the exception that ends the tool. */
export type ReadLine =
  | { readonly ok: true; readonly record: ProducerRecord }
  | { readonly ok: false; readonly problem: string };

export class LineReader {
  readonly #topic: string;
  readonly #properties: Readonly<Record<string, string>>;
  #lineNumber = 0;

  /** `properties`: `parse.key`, `key.separator` and so on, by their real names. */
  constructor(topic: string, properties: Readonly<Record<string, string>>) {
    this.#topic = topic;
    this.#properties = properties;
  }

  read(line: string): ReadLine {
    this.#lineNumber++;
    assert(!line.includes('\n'), 'one line', { line });
    const headersDelimiter = this.#text('headers.delimiter', '\t');
    const keySeparator = this.#text('key.separator', '\t');
    const headers = this.#part('parse.headers', line, 0, headersDelimiter, 'headers delimiter');
    if (headers !== null && typeof headers !== 'string') return headers;
    const keyAt = headers === null ? 0 : headers.length + headersDelimiter.length;
    const key = this.#part('parse.key', line, keyAt, keySeparator, 'key separator');
    if (key !== null && typeof key !== 'string') return key;
    const valueAt = keyAt + (key === null ? 0 : key.length + keySeparator.length);
    const pairs = headers === null ? [] : this.#headers(headers);
    if (!Array.isArray(pairs)) return { ok: false, problem: pairs as string };
    return {
      ok: true,
      record: {
        topic: this.#topic,
        key: this.#orNull(key),
        value: this.#orNull(line.slice(valueAt)),
        headers: pairs,
      },
    };
  }

  /** A part up to what ends it; null where it is not asked for, or missing and not missed. */
  #part(
    enabled: string,
    line: string,
    from: number,
    end: string,
    what: string,
  ): string | null | { readonly ok: false; readonly problem: string } {
    if (this.#properties[enabled] !== 'true') return null;
    const at = line.indexOf(end, from);
    if (at >= 0) return line.slice(from, at);
    if (this.#ignoresErrors) return null;
    const problem = `No ${what} found on line number ${this.#lineNumber}: '${line}'`;
    return { ok: false, problem };
  }

  #headers(text: string): RecordHeader[] | string {
    if (this.#orNull(text) === null) return [];
    const separator = this.#text('headers.separator', ',');
    const keySeparator = this.#text('headers.key.separator', ':');
    const headers: RecordHeader[] = [];
    for (const pair of text.split(separator)) {
      const at = pair.indexOf(keySeparator);
      if (at < 0 && !this.#ignoresErrors) {
        return `No header key separator found in pair '${pair}' on line number ${this.#lineNumber}`;
      }
      const value = at < 0 ? null : this.#orNull(pair.slice(at + keySeparator.length));
      const bytes = value === null ? null : encodeUtf8(value);
      headers.push({ key: at < 0 ? pair : pair.slice(0, at), value: bytes });
    }
    return headers;
  }

  get #ignoresErrors(): boolean {
    return this.#properties['ignore.error'] === 'true';
  }

  #text(name: string, otherwise: string): string {
    const text = this.#properties[name];
    return text === undefined || text === '' ? otherwise : text.replaceAll('\\t', '\t');
  }

  #orNull(text: string | null): string | null {
    const marker = this.#properties['null.marker'];
    return text === null || text === marker ? null : text;
  }
}
