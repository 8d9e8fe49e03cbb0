/** The words of the comparison of brokers, in both languages; what is compared is in lessons/. */
import type { BrokerId } from '#lessons/brokers.ts';
import type { Lang } from '../lesson/content.ts';

/** Their names are the same in both languages. */
export const BROKER_NAMES: Readonly<Record<BrokerId, string>> = {
  activemq: 'ActiveMQ Classic / Artemis',
  rabbitmq: 'RabbitMQ',
  rocketmq: 'RocketMQ',
  kafka: 'Kafka',
};

const en = {
  how: 'Each cell is a claim with its release and sources, and a target for links. A figure stands only where a source says it; where there is none that can be compared, the cell says so.',
  point: 'Point',
  brokers: 'Brokers',
  points: 'Points',
  all: 'Nothing ticked: all of them.',
  clear: 'Show all',
  shown: (brokers: number, points: number) =>
    `${brokers} ${brokers === 1 ? 'broker' : 'brokers'}, ${points} ${points === 1 ? 'point' : 'points'}`,
  usual: 'Usual answer:',
  quoted: (text: string) => `“${text}”`,
  disagree: (count: number) => `Documents disagree: ${count} figures`,
  why: 'Why:',
  since: (release: string) => `since ${release}`,
  until: (release: string) => `until ${release}`,
  sources: (count: number) => (count === 1 ? '1 source' : `${count} sources`),
  link: (title: string, broker: string) => `Link to ${title}, ${broker}`,
};

const zh: typeof en = {
  how: '每一格都是一条论断，带版本和出处，可以单独链接。数字只在有出处时才写；没有可比数字的，直接说明没有。',
  point: '对比项',
  brokers: '产品',
  points: '对比项',
  all: '一个都不勾就是全部。',
  clear: '显示全部',
  shown: (brokers, points) => `${brokers} 种产品，${points} 个对比项`,
  usual: '常见说法：',
  quoted: (text) => `“${text}”`,
  disagree: (count) => `资料互相矛盾：${count} 个数字`,
  why: '原因：',
  since: (release) => `${release} 起`,
  until: (release) => `到 ${release} 为止`,
  sources: (count) => `${count} 条出处`,
  link: (title, broker) => `链接到此格：${title}，${broker}`,
};

export const COMPARE_MESSAGES: Readonly<Record<Lang, typeof en>> = { en, zh };
