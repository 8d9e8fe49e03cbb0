/**
 * The error codes of the products as plain data, for what explains them to a reader. The codes
 * themselves, and how a broker answers with one, are in the products' wire formats.
 */
import { errorMessage } from '../wire/kafka/error-messages.ts';
import { ErrorCode as KafkaError, isRetriable } from '../wire/kafka/errors.ts';
import type { ErrorName } from '../wire/kafka/errors.ts';

export interface ErrorCode {
  readonly name: ErrorName;
  readonly code: number;
  /** Whether the same request may succeed later. */
  readonly isRetriable: boolean;
  /** In English, one sentence. */
  readonly meaning: string;
}

/** Every error code of Kafka 4.1 that says that something is wrong. */
export function kafkaErrorCodes(): readonly ErrorCode[] {
  return Object.entries(KafkaError)
    .filter(([, code]) => code !== KafkaError.NONE)
    .map(([name, code]) => ({
      name: name as ErrorName,
      code,
      isRetriable: isRetriable(code),
      meaning: errorMessage(code),
    }));
}
