/**
 * What a decision of the controller yields: the records that make it true, in one atomic batch, and
 * the reply that is sent once they are committed. Deciding changes nothing; only the records do.
 *
 * Source: `org.apache.kafka.controller.ControllerResult`.
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import type { ControllerConfig } from './controller-config.ts';

export interface ControllerResult<R> {
  readonly records: readonly MetadataRecord[];
  readonly response: R;
}

/** What a decision is made upon: the image after all records so far, and the settings. */
export interface ClusterView {
  readonly image: MetadataImage;
  readonly config: ControllerConfig;
}

/** An error code with its sentence. Source: `org.apache.kafka.common.requests.ApiError`. */
export interface ApiError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const NO_ERROR: ApiError = Object.freeze({
  errorCode: ErrorCode.NONE,
  errorMessage: null,
});

export function apiError(errorCode: number, errorMessage: string): ApiError {
  return { errorCode, errorMessage };
}
