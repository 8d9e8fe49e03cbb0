/**
 * The tracks in the order in which they are learnt. A lesson belongs to the track whose folder it
 * is in, and stands in it by the `order` of its front matter: lessons are named nowhere here.
 */
interface Track {
  readonly id: string;
  readonly name: { readonly en: string; readonly zh: string };
}

export const TRACKS = [
  { id: 'foundations', name: { en: 'Foundations', zh: '基础' } },
  { id: 'kafka', name: { en: 'Kafka', zh: 'Kafka' } },
  { id: 'rabbitmq', name: { en: 'RabbitMQ', zh: 'RabbitMQ' } },
  { id: 'rocketmq', name: { en: 'RocketMQ', zh: 'RocketMQ' } },
  { id: 'guarantees', name: { en: 'Guarantees', zh: '消息保证' } },
  { id: 'systems', name: { en: 'Systems around the broker', zh: 'Broker 周边系统' } },
] as const satisfies readonly Track[];

/** The folder beside the tracks: historical bugs, each a story without questions. */
export const GALLERY = {
  id: 'gallery',
  name: { en: 'Gallery of historical bugs', zh: '历史缺陷陈列馆' },
} as const satisfies Track;
