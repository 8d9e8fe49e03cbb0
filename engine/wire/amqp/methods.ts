/**
 * All methods of AMQP 0-9-1 with RabbitMQ's extensions, by name and by id; the types of a method
 * and of its arguments derive from the table.
 */
import { assert } from '../../kernel/assert.ts';
import type { Method, ValuesOf } from './grammar.ts';
import { accessMethods } from './methods/access.ts';
import { basicMethods } from './methods/basic.ts';
import { channelMethods } from './methods/channel.ts';
import { confirmMethods } from './methods/confirm.ts';
import { connectionMethods } from './methods/connection.ts';
import { exchangeMethods } from './methods/exchange.ts';
import { queueMethods } from './methods/queue.ts';
import { txMethods } from './methods/tx.ts';

export const methods = Object.freeze({
  ...connectionMethods,
  ...channelMethods,
  ...accessMethods,
  ...exchangeMethods,
  ...queueMethods,
  ...basicMethods,
  ...txMethods,
  ...confirmMethods,
});

type Methods = typeof methods;
export type MethodName = keyof Methods;
export type ArgsOf<N extends MethodName> = ValuesOf<Methods[N]['args']>;

const byId = new Map<number, Method<MethodName>>(
  Object.values(methods).map((of) => [key(of.classId, of.methodId), of as Method<MethodName>]),
);
assert(byId.size === Object.keys(methods).length, 'ids are unique', { ids: byId.size });

function key(classId: number, methodId: number): number {
  return classId * 0x10000 + methodId;
}

/** The method of these ids, if there is one. */
export function methodOf(classId: number, methodId: number): Method<MethodName> | undefined {
  assert(classId >= 0 && methodId >= 0, 'ids', { classId, methodId });
  return byId.get(key(classId, methodId));
}

/** The method of this name. */
export function methodNamed(name: MethodName): Method<MethodName> {
  return methods[name] as Method<MethodName>;
}

const defaultsByName = new Map<MethodName, object>();

/** The arguments, with the specification's default for each that is not given. */
export function argsOf<N extends MethodName>(name: N, given: Partial<ArgsOf<N>>): ArgsOf<N> {
  let blank = defaultsByName.get(name);
  if (blank === undefined) {
    const entries = Object.entries(methods[name].args).map(([of, { default: zero }]) => [of, zero]);
    blank = Object.fromEntries(entries) as object;
    defaultsByName.set(name, blank);
  }
  return { ...blank, ...given } as ArgsOf<N>;
}
