/**
 * The methods that a client's channel waits for an answer to, by their own names, with arguments as
 * an application gives them: what is left out has AMQP's default, and tables are plain objects.
 */
import type { Command } from '../../wire/amqp/command.ts';
import type { ArgsOf } from '../../wire/amqp/methods.ts';
import { tableOf, type PlainTable } from './plain-table.ts';

export type RpcName =
  | 'exchange.declare'
  | 'exchange.delete'
  | 'exchange.bind'
  | 'exchange.unbind'
  | 'queue.declare'
  | 'queue.bind'
  | 'queue.unbind'
  | 'queue.purge'
  | 'queue.delete'
  | 'basic.qos'
  | 'basic.get'
  | 'basic.consume'
  | 'basic.cancel'
  | 'basic.recover'
  | 'confirm.select'
  | 'tx.select'
  | 'tx.commit'
  | 'tx.rollback'
  | 'channel.open'
  | 'channel.close';

/** The name of a method's answer. */
export type ReplyName<N extends RpcName> = N extends 'basic.get'
  ? 'basic.get-ok' | 'basic.get-empty'
  : `${N}-ok`;

/** The command that answers; told apart by `name` where there are two. */
export type Reply<N extends RpcName = RpcName> = Extract<Command, { name: ReplyName<N> }>;

/** `noWait` is not for those who wait. */
export type CallArgs<N extends RpcName> = Partial<
  Omit<ArgsOf<N>, 'arguments' | 'ticket' | 'noWait'>
> & { readonly arguments?: PlainTable };

/** The arguments as the wire has them. */
export function wireArgs<N extends RpcName>(args: CallArgs<N>): Partial<ArgsOf<N>> {
  const { arguments: plain, ...others } = args;
  const table = plain === undefined ? {} : { arguments: tableOf(plain) };
  return { ...others, ...table } as unknown as Partial<ArgsOf<N>>;
}

/** Whether a command is the answer to a method. */
export function answers(name: RpcName, reply: Command): reply is Reply {
  if (name === 'basic.get')
    return reply.name === 'basic.get-ok' || reply.name === 'basic.get-empty';
  return reply.name === `${name}-ok`;
}
