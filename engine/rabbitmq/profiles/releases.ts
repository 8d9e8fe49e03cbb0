/**
 * The minor releases of RabbitMQ from 3.8 on, oldest first.
 *
 * Not here: what a release does (`switches.ts`, `default-history.ts`). A release stands for the
 * last of its patch releases. Source: the tags of rabbitmq/rabbitmq-server.
 */
/** Oldest first. After 3.13 came 4.0. */
export const releases = [
  '3.8',
  '3.9',
  '3.10',
  '3.11',
  '3.12',
  '3.13',
  '4.0',
  '4.1',
  '4.2',
  '4.3',
] as const;
export type Release = (typeof releases)[number];
