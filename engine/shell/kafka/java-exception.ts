/**
 * How Kafka's tools tell an exception: its sentence, then the heads of its stack trace, whose
 * frames are left out here.
 *
 * Source: `Utils.stackTrace`, `Throwable.printStackTrace`. Not here: the classes of error codes
 * (`java-log.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Call } from '../program.ts';
import { problemOf } from './admin-session.ts';
import { exceptionOf } from './java-log.ts';
import type { JoptProblem } from './jopt.ts';

export interface JavaException {
  readonly exception: string;
  readonly message: string;
  readonly cause?: JavaException;
  readonly suppressed?: readonly JavaException[];
}

/** Of the tools' own: something that was asked for cannot be. */
export const COMMAND_FAILED = 'org.apache.kafka.tools.AdminCommandFailedException';
/** Of the tools' own: what was handed in is not what it should be. */
export const OPERATION_FAILED = 'org.apache.kafka.tools.AdminOperationException';

/** `Throwable.toString`. */
export function toText({ exception, message }: JavaException): string {
  return message === '' ? exception : `${exception}: ${message}`;
}

/** A stack trace without its frames; it ends with an empty line, as `println` has it. */
export function stackTrace(thrown: JavaException): string[] {
  const lines = [toText(thrown)];
  for (const one of thrown.suppressed ?? []) lines.push(`\tSuppressed: ${toText(one)}`);
  for (let cause = thrown.cause; cause !== undefined; cause = cause.cause) {
    lines.push(`Caused by: ${toText(cause)}`);
  }
  return [...lines, ''];
}

/** A word that is no number of its option's type, as jopt-simple tells it. */
export function withCauses(problem: JoptProblem): JavaException {
  const number = /^Cannot parse argument '(.*)' of option/.exec(problem.message);
  if (number === null) return problem;
  const exception = 'java.lang.NumberFormatException';
  const cause = { exception, message: `For input string: "${number[1]!}"` };
  const reflected = 'joptsimple.internal.ReflectionException';
  return { ...problem, cause: { exception: reflected, message: toText(cause), cause } };
}

/** A call of the admin client that failed, as a future throws it. */
export function executionException(
  callName: string,
  result: Extract<AdminResult<unknown>, { readonly ok: false }>,
): JavaException {
  const cause = causeOf(callName, result);
  assert(cause.message !== '', 'an exception says why', { callName });
  const exception = 'java.util.concurrent.ExecutionException';
  return { exception, message: toText(cause), cause };
}

/** The exception of the call itself. */
export function causeOf(
  callName: string,
  result: Extract<AdminResult<unknown>, { readonly ok: false }>,
): JavaException {
  const { BROKER_NOT_AVAILABLE, NETWORK_EXCEPTION, REQUEST_TIMED_OUT } = ErrorCode;
  const { errorCode, value } = result;
  const nobody =
    value === null && (errorCode === BROKER_NOT_AVAILABLE || errorCode === NETWORK_EXCEPTION);
  const told = nobody ? { ...result, errorCode: BROKER_NOT_AVAILABLE } : result;
  return {
    exception: exceptionOf(nobody ? REQUEST_TIMED_OUT : errorCode),
    message: problemOf(callName, told),
  };
}

/** Prints the sentence and the trace on standard error, and ends the tool with 1. */
export function tellThrown(call: Call, thrown: JavaException): void {
  call.err(thrown.message === '' ? 'null' : thrown.message);
  for (const line of stackTrace(thrown)) call.err(line);
  call.exit(1);
}

/** Prints an exception that no tool catches, and ends it with 1. */
export function tellUncaught(call: Call, thrown: JavaException): void {
  const [head = '', ...causes] = stackTrace(thrown).slice(0, -1);
  for (const line of [`Exception in thread "main" ${head}`, ...causes]) call.err(line);
  call.exit(1);
}

/** Of a client that cannot be made, and its reason. */
export function notCreated(message: string, reason: string): JavaException {
  const exception = 'org.apache.kafka.common.KafkaException';
  return { exception, message, cause: configException(reason) };
}

/** Of a setting that cannot be. */
export function configException(message: string): JavaException {
  return { exception: 'org.apache.kafka.common.config.ConfigException', message };
}

/** Of a file that is not there. */
export function noSuchFile(name: string): JavaException {
  return { exception: 'java.nio.file.NoSuchFileException', message: name };
}

/** Of a file that is not there, as `Utils.readFileAsString` throws it. */
export function unreadFile(name: string): JavaException {
  const message = `Unable to read file ${name}`;
  return { exception: 'java.io.IOException', message, cause: noSuchFile(name) };
}
