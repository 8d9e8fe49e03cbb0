/**
 * RabbitMQ's tools as they are listed: their names, and what they are for. Not here: their programs
 * and options (`tools.ts`), which a page loads when a line names them.
 */
import type { Localized } from '../../lab/knob.ts';
import type { ToolEntry } from '../program.ts';

const abouts = {
  'perf-test': {
    en: 'publishes and consumes under load, and prints rates and latencies',
    zh: '压力测试：按设定速率发布和消费，打印速率和延迟',
  },
  'rabbitmq-diagnostics': {
    en: 'checks the health of a RabbitMQ node',
    zh: '检查 RabbitMQ 节点的健康状况',
  },
  'rabbitmq-queues': {
    en: 'shows and changes the replicas of quorum queues',
    zh: '查看和调整仲裁队列的副本',
  },
  rabbitmqadmin: {
    en: 'declares queues, exchanges and bindings; publishes and fetches messages',
    zh: '声明队列、交换机和绑定，发布和获取消息',
  },
  rabbitmqctl: {
    en: 'lists, sets and stops what is on a RabbitMQ node',
    zh: '查看和管理 RabbitMQ 节点',
  },
} satisfies Readonly<Record<string, Localized>>;

export type RabbitToolName = keyof typeof abouts;

/** In the order of their names. */
export const rabbitEntries: readonly ToolEntry[] = Object.entries(abouts).map(([name, about]) => ({
  name,
  about,
}));
