/** The columns of the comparison, in order; each id is part of the address of its cells. */
export const BROKERS = ['activemq', 'rabbitmq', 'rocketmq', 'kafka'] as const;

export type BrokerId = (typeof BROKERS)[number];
