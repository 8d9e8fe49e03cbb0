/**
 * The texts of a new lesson: a small story that holds, to be changed piece by piece into another.
 *
 * One broker, three records, one knob, one proof: with acks=0 the producer is told nothing. Not
 * here: where the texts go and which numbers are free (`new-lesson.ts`).
 */

/** What differs between new lessons. */
export interface NewLesson {
  readonly track: string;
  readonly slug: string;
  readonly title: { readonly en: string; readonly zh: string };
  /** Its place in the track. */
  readonly order: number;
  /** Slugs of the lessons that are best read before it. */
  readonly prerequisites: readonly string[];
  /** Its question; null where its questions are written already. */
  readonly question: NewQuestion | null;
}

/** The id in the documents and the address, which no other question has. */
export interface NewQuestion {
  readonly id: string;
  readonly slug: string;
}

/** The lesson's files by name: what the stage `experiment` asks for and is not there yet. */
export function lessonTexts(lesson: NewLesson): Readonly<Record<string, string>> {
  const { title, question } = lesson;
  return {
    ...(question !== null && { 'questions.yaml': questionsOf(title, question) }),
    'experiment.ts': experimentOf(lesson),
    'en.svx': proseInEnglish(lesson),
    'zh.svx': proseInChinese(lesson),
  };
}

/** A text as a scalar of YAML, with the quotes that prettier would choose. */
function scalar(text: string): string {
  const plain = text.includes("'") && !/["\\]/.test(text);
  return plain ? `"${text}"` : `'${text.replaceAll("'", "''")}'`;
}

const CLIENTS = 'clients/src/main/java/org/apache/kafka/clients';
const SOURCE = `apache/kafka@4.0 ${CLIENTS}/producer/ProducerConfig.java (ACKS_DOC)`;

function questionsOf(title: NewLesson['title'], { id, slug }: NewQuestion): string {
  return `# yaml-language-server: $schema=../../questions.schema.json
about:
  en: ${scalar(title.en)}
  zh: ${scalar(title.zh)}

questions:
  - id: ${id}
    slug: ${slug}
    level: junior
    frequency: 1
    question:
      en: What does a producer learn with acks=0?
      zh: acks=0 时，生产者能知道什么？
    answer:
      en: >-
        Nothing from the broker. With acks=0 it sends no response, so the producer counts a record
        as sent once the bytes are in the socket. It learns no offset and no error.
      zh: 从 Broker 那里什么也得不到。acks=0 时 Broker 不回响应，字节一进 socket 就算发送成功，拿不到位移，也看不到错误。
    redFlags:
      - en: With acks=0 the producer still gets the offset, only later.
        zh: acks=0 也会返回位移，只是晚一点。
    claims:
      - id: ${slug}-1
        statement:
          en: With acks=0 the broker sends no answer to what it was sent
          zh: acks=0 时，Broker 收到消息后不回响应
        verdict: holds
        since: all
        sources:
          - ${SOURCE}
        proof: acks-0-is-not-answered
    quiz:
      question:
        en: What does send return with acks=0 once the bytes are out?
        zh: acks=0 时，字节发出之后 send 返回什么？
      options:
        - text:
            en: Success, with no offset
            zh: 成功，但没有位移
          right: true
          reason:
            en: Nobody will answer, so there is nothing to wait for.
            zh: 没有人会回响应，也就没什么可等。
        - text:
            en: Success, with the offset that the leader gave the record
            zh: 成功，并带有 leader 分配给消息的位移
          reason:
            en: The offset would have to come in a response.
            zh: 位移要靠响应带回来。
        - text:
            en: A timeout, since nothing has been answered
            zh: 超时，因为一直没有等到任何响应
          reason:
            en: No response is expected, so none is missed.
            zh: 本来就不等响应，谈不上超时。
    followUps:
      - question:
          en: When is that good enough?
          zh: 什么场合可以这样用？
        answer:
          en: Where a record may be missing, as with samples of a metric.
          zh: 丢几条也无妨的场合，例如采样的监控指标。
`;
}

const STEPS = `  steps: [
    {
      id: 'start',
      title: { en: 'One broker starts', zh: '一个 Broker 启动' },
      until: ({ cluster }) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'create',
      title: { en: 'A topic with one partition', zh: '创建只有一个分区的主题' },
      do: ({ cluster, acks }) => {
        cluster.createTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
        cluster.addProducer('producer-1', { acks, 'linger.ms': '0' });
      },
      until: ({ cluster }) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'produce',
      title: { en: 'Three records', zh: '写入三条消息' },
      do: ({ cluster }) => cluster.send('producer-1', TOPIC, RECORDS),
      until: (_, { history }) =>
        history.sent.length === RECORDS && history.sent.every((sent) => sent.outcome !== 'pending'),
      timeLimitMs: 30_000,
    },
  ],`;

function experimentOf({ slug }: NewLesson): string {
  return `/**
 * What is a producer told? One broker, one partition, three records.
 *
 * Nothing goes wrong here: the knob alone decides whether the broker answers.
 */
import { choice, experiment, judgeDelivery, prove } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';

const TOPIC = 'pay';
const RECORDS = 3;

export default experiment({
  id: '${slug}',
  knobs: {
    acks: choice(['0', '1', 'all'], 'all', {
      en: 'Which replicas must have a record before the producer is told that it is written.',
      zh: '写到哪些副本之后才通知生产者“已写入”。',
    }),
  },

  world({ knobs, lab }) {
    return { cluster: new KafkaCluster(lab, { brokers: 1 }), acks: knobs.acks };
  },

${STEPS}

  settle: KafkaCluster.settle(),

  measures({ history }) {
    const verdict = judgeDelivery(history);
    return {
      sent: history.sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
    };
  },

  proofs: {
    'acks-0-is-not-answered': prove(
      { acks: '0' },
      (measures) => measures['sent'] === RECORDS && measures['acknowledged'] === 0,
      [{ name: 'acks=all', knobs: { acks: 'all' } }],
    ),
  },
});
`;
}

const importsOf = (question: NewQuestion | null) => `<script>${
  question === null ? '' : "\n  import ClaimLink from '#web/lesson/ClaimLink.svelte';"
}
  import Measure from '#web/lesson/Measure.svelte';
  import Step from '#web/lesson/Step.svelte';
  import Term from '#web/lesson/Term.svelte';
</script>`;

const ACKNOWLEDGED = '<Measure id="acknowledged" of="acks-0-is-not-answered" />';
const SENT = '<Measure id="sent" of="acks-0-is-not-answered" />';

/** The link to the claim that the proof proves, if it is one of the template's. */
function claimOf(question: NewQuestion | null): string {
  return question === null ? '' : ` <ClaimLink id="${question.slug}-1" />`;
}

function proseInEnglish({ track, title, order, prerequisites, question }: NewLesson): string {
  return `---
title: ${scalar(title.en)}
summary: One broker, one producer, three records. Find out what the producer is told.
track: ${track}
minutes: 5
order: ${order}
prerequisites: [${prerequisites.join(', ')}]
bet:
  question: With acks=0 the producer sends its records. How many are acknowledged?
  knobs: { acks: '0' }
  options:
    - { id: none, text: None., when: { measure: acknowledged, max: 0 } }
    - { id: all, text: All of them., when: { measure: acknowledged, min: sent } }
---

${importsOf(question)}

One broker keeps one partition. The producer notes every acknowledgement.

<Step id="start">

The broker registers with the controller. Nothing can be written yet.

</Step>

<Step id="create">

There is one partition with one replica, so the broker is its <Term id="leader">leader</Term>.

</Step>

<Step id="produce">

The producer sends. Whether the broker answers is what \`acks\` decides.

</Step>

<Step id="heal">

Nothing was broken, so nothing has to be healed.

</Step>

<Step id="read-back">

Acknowledged with \`acks=0\`: ${ACKNOWLEDGED} of ${SENT} sent.${claimOf(question)}

</Step>
`;
}

function proseInChinese({ track, title, order, prerequisites, question }: NewLesson): string {
  return `---
title: ${scalar(title.zh)}
summary: 一个 Broker、一个生产者、三条消息。看看生产者到底收到了什么。
track: ${track}
minutes: 5
order: ${order}
prerequisites: [${prerequisites.join(', ')}]
bet:
  question: acks=0 时生产者发出消息，有几条会得到确认？
  knobs: { acks: '0' }
  options:
    - { id: none, text: 一条也没有。, when: { measure: acknowledged, max: 0 } }
    - { id: all, text: 全部。, when: { measure: acknowledged, min: sent } }
---

${importsOf(question)}

一个 Broker 存一个分区，生产者记下每一次确认。

<Step id="start">

Broker 向控制器注册，这时还不能写入。

</Step>

<Step id="create">

主题有一个分区、一个副本，所以这个 Broker 就是它的 <Term id="leader">leader</Term>。

</Step>

<Step id="produce">

生产者发送消息。Broker 回不回响应，由 \`acks\` 决定。

</Step>

<Step id="heal">

什么都没坏，所以也没有什么要恢复。

</Step>

<Step id="read-back">

从头读回全部消息。\`acks=0\` 时得到确认的：${ACKNOWLEDGED}，发出的：${SENT}。${claimOf(question).trimStart()}

</Step>
`;
}
