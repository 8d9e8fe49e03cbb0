/**
 * A client of the database: sends statements on one connection, hands each its answer.
 *
 * When the connection breaks, every statement that has no answer ends as `lost`: whether a COMMIT
 * among them happened, nobody can tell. Not here: what to do then.
 */
import type { Connection, Network, Receiver } from '../../kernel/ports.ts';
import { databaseProtocol, DATABASE_PORT } from './database-protocol.ts';
import type { QueryError, QueryResult } from './database-protocol.ts';
import type { SqlValue } from './sql/statement.ts';

export type QueryAnswer = QueryResult | QueryError | { readonly kind: 'lost' };

export class DatabaseClient implements Receiver {
  readonly #network: Network;
  readonly #host: string;
  readonly #waiting = new Map<number, (answer: QueryAnswer) => void>();
  #connection: Connection | null = null;
  #nextId = 1;

  constructor(network: Network, host: string) {
    this.#network = network;
    this.#host = host;
  }

  /** Connects if need be. Values take the place of `$1`, `$2`, ... */
  query(sql: string, parameters: readonly SqlValue[], answer: (answer: QueryAnswer) => void): void {
    const address = { host: this.#host, port: DATABASE_PORT };
    this.#connection ??= this.#network.connect(address, databaseProtocol, this);
    const id = this.#nextId++;
    this.#waiting.set(id, answer);
    this.#connection.send({ kind: 'query', id, sql, parameters });
  }

  /** Ends the connection: the database rolls back what is open. Nothing is answered any more. */
  close(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#waiting.clear();
  }

  received(message: unknown): void {
    const answer = message as QueryResult | QueryError;
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    waiting?.(answer);
  }

  closed(): void {
    this.#connection = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const answer of waiting) answer({ kind: 'lost' });
  }
}
