/** What `list` says: the clusters of a playground with what they hold, and its clients. */
import type { KafkaCluster } from '../../lab/kafka.ts';
import type { Localized } from '../../lab/knob.ts';
import type { Playground } from '../../lab/playground/playground.ts';
import type { RabbitCluster } from '../../lab/rabbitmq.ts';

/** Topics by name with their partitions and replicas; internal ones are left out. */
function topicLines(cluster: KafkaCluster): Localized[] {
  const partitions = cluster.controller?.partitions ?? [];
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const shown = topics.filter((topic) => !topic.startsWith('__'));
  return shown.map((topic) => {
    const own = partitions.filter((one) => one.topic === topic);
    const replicas = own[0]?.replicas.length ?? 0;
    return {
      en: `  topic ${topic}: partitions ${own.length}, replicas ${replicas}`,
      zh: `  主题 ${topic}：分区 ${own.length}，副本 ${replicas}`,
    };
  });
}

function queueLines(rabbit: RabbitCluster): Localized[] {
  const names = rabbit.nodeNames.flatMap((_, place) => rabbit.queueNames(place + 1));
  return [...new Set(names)].map((name) => {
    const { type = '', ready = 0, unacknowledged = 0 } = rabbit.queue(name) ?? {};
    return {
      en: `  queue ${name} (${type}): ready ${ready}, unacknowledged ${unacknowledged}`,
      zh: `  队列 ${name}（${type}）：待投递 ${ready}，未确认 ${unacknowledged}`,
    };
  });
}

/** The lines of `list`. */
export function listOf({ handles, clients }: Playground): Localized[] {
  const { kafka, rabbitmq } = handles;
  const lines: Localized[] = [];
  if (kafka !== undefined) {
    const names = kafka.nodeIds.map((id) => kafka.brokerName(id)).join(', ');
    const text = `Kafka ${kafka.profile.release}: ${names}`;
    lines.push({ en: text, zh: text }, ...topicLines(kafka));
  }
  if (rabbitmq !== undefined) {
    const text = `RabbitMQ ${rabbitmq.profile.release}: ${rabbitmq.nodeNames.join(', ')}`;
    lines.push({ en: text, zh: text }, ...queueLines(rabbitmq));
  }
  for (const { kind, name, options } of clients) {
    const text = `${kind} ${name} ${options}`;
    lines.push({ en: text, zh: text });
  }
  if (lines.length > 0) return lines;
  return [
    {
      en: "nothing yet; type 'add kafka' or 'add rabbitmq'",
      zh: '还是空的，请输入“add kafka”或“add rabbitmq”',
    },
  ];
}
