/**
 * A consumer of a playground: of a topic (a member of a group of Kafka's) or of a queue.
 *
 * Not here: what it does with what it is given (`lab/playground`).
 */
import type { Localized } from '../../lab/knob.ts';
import { refused } from '../refusal.ts';
import { settingOption, topicRefusal } from './kafka-parts.ts';
import { nodeOf, nodeOption, queueRefusal } from './rabbitmq-parts.ts';
import { done } from './part.ts';
import type { Adding, Part } from './part.ts';
import { numberOf, settingsOf, valueOf } from './words.ts';

const PROCESSING_MS_MAX = 99_999;
const PREFETCH_MAX = 65_535;

export const consumerPart: Part = {
  kind: 'consumer',
  about: { en: 'an application that reads a topic or a queue', zh: '读取主题或队列的应用' },
  needs: null,
  isNamed: true,
  options: [
    { name: '--topic', value: 'topic', about: { en: 'of Kafka', zh: 'Kafka 的主题' } },
    {
      name: '--group',
      value: 'group',
      about: {
        en: 'with --topic: its group; its own name',
        zh: '与 --topic 一起用：消费者组，默认同名',
      },
    },
    { name: '--queue', value: 'queue', about: { en: 'of RabbitMQ', zh: 'RabbitMQ 的队列' } },
    {
      name: '--prefetch',
      value: 'number',
      about: {
        en: 'with --queue: unacknowledged at most; 0: no limit',
        zh: '与 --queue 一起用：未确认上限，0 不限',
      },
    },
    {
      name: '--no-ack',
      about: { en: 'with --queue: automatic acknowledgement', zh: '与 --queue 一起用：自动确认' },
    },
    {
      name: '--processing',
      value: 'text',
      about: { en: 'how long each takes: 200ms; 0ms', zh: '每条的处理时间，如 200ms，默认 0ms' },
    },
    nodeOption,
    settingOption,
  ],
  example: 'add consumer billing --topic orders --group billing',
  add(adding) {
    const { playground, words, verb } = adding;
    const [topic, queue] = [valueOf(words, 'topic', ''), valueOf(words, 'queue', '')];
    if ((topic === '') === (queue === '')) return refused(verb, '', '--topic, --queue');
    const product = topic === '' ? 'rabbitmq' : 'kafka';
    if (playground.handles[product] === undefined) {
      return {
        en: `${verb}: there is no ${product} yet; type 'add ${product}'`,
        zh: `${verb}：还没有 ${product}，请先输入“add ${product}”`,
      };
    }
    const others = ['--queue', '--prefetch', '--no-ack', '--node'];
    const foreign = topic === '' ? ['--topic', '--group', '--set'] : others;
    const odd = foreign.find((name) => words.values.has(name.slice(2)));
    if (odd !== undefined)
      return refused(`${verb} --${topic === '' ? 'queue' : 'topic'}`, odd, '--processing');
    const text = valueOf(words, 'processing', '0ms');
    const bare = /^\d+ms$/.test(text) ? text.slice(0, -2) : '';
    const processingMs = numberOf(`${verb} --processing`, bare, 0, PROCESSING_MS_MAX);
    if (typeof processingMs !== 'number')
      return refused(`${verb} --processing`, text, '0ms to 99999ms');
    return topic === ''
      ? ofQueue(adding, queue, processingMs)
      : ofTopic(adding, topic, processingMs);
  },
};

function ofTopic(adding: Adding, topic: string, processingMs: number): Localized | null {
  const { call, playground, words, verb } = adding;
  const name = words.names[0]!;
  const wrong = topicRefusal(verb, playground.handles.kafka!, topic);
  if (wrong !== null) return wrong;
  const settings = settingsOf(verb, words);
  if ('wrong' in settings) return settings.wrong as Localized;
  const group = valueOf(words, 'group', name);
  const refusal = playground.addMember(name, { topic, group, settings, processingMs });
  if (refusal !== null) return refusal;
  done(call, {
    en: `${name} joins the group ${group} and reads ${topic}`,
    zh: `${name} 加入消费者组 ${group}，读取 ${topic}`,
  });
  return null;
}

function ofQueue(adding: Adding, queue: string, processingMs: number): Localized | null {
  const { call, playground, words, verb } = adding;
  const rabbit = playground.handles.rabbitmq!;
  const name = words.names[0]!;
  const wrong = queueRefusal(verb, rabbit, queue);
  if (wrong !== null) return wrong;
  const given = valueOf(words, 'prefetch', '0');
  const prefetch = numberOf(`${verb} --prefetch`, given, 0, PREFETCH_MAX);
  if (typeof prefetch !== 'number') return prefetch;
  const node = nodeOf(verb, rabbit, valueOf(words, 'node', '1'));
  if (typeof node !== 'number') return node;
  const noAck = words.values.has('no-ack');
  const refusal = playground.addQueueConsumer(name, { queue, prefetch, processingMs, noAck, node });
  if (refusal !== null) return refusal;
  done(call, {
    en: `${name} consumes from ${queue}`,
    zh: `${name} 开始消费 ${queue}`,
  });
  return null;
}
