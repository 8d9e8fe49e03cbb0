/** What streams write into the trace, and the sentences to it. */
import { traceKind } from '../../kernel/ports.ts';

/** The node has the stream's writer from now on, which goes on at the offset. */
export const streamWriterBegan = traceKind('stream-writer-began', {
  stream: 'string',
  epoch: 'int',
  next: 'int',
});

/** A member takes nothing of an earlier epoch any more; it ends before the offset. */
export const streamStopped = traceKind('stream-stopped', {
  stream: 'string',
  epoch: 'int',
  next: 'int',
});

/** Records were written as one chunk; `next` is the offset behind them. */
export const streamChunkWritten = traceKind('stream-chunk-written', {
  stream: 'string',
  firstOffset: 'int',
  next: 'int',
  bytes: 'int',
});

/** A majority of the replicas has everything below `offset`. */
export const streamCommitted = traceKind('stream-committed', { stream: 'string', offset: 'int' });

/** Retention took whole segments: the stream begins at `offset` now. */
export const streamTruncated = traceKind('stream-truncated', { stream: 'string', offset: 'int' });

/** A record was sent to a consumer, which has `credit` left. */
export const streamDelivered = traceKind('stream-delivered', {
  stream: 'string',
  consumer: 'string',
  offset: 'int',
  credit: 'int',
});

export const streamNarration = {
  'stream-writer-began': {
    en: ({ host, stream, epoch, next }: Entry) =>
      `${host} has the writer of ${stream} in epoch ${epoch}, from offset ${next} on`,
    zh: ({ host, stream, epoch, next }: Entry) =>
      `${host} 成为 ${stream} 的写入者，epoch 为 ${epoch}，从偏移量 ${next} 开始写`,
  },
  'stream-stopped': {
    en: ({ host, stream, epoch, next }: Entry) =>
      `${host} stops ${stream} for epoch ${epoch}; its copy ends before offset ${next}`,
    zh: ({ host, stream, epoch, next }: Entry) =>
      `${host} 为 epoch ${epoch} 停下 ${stream}，它的副本到偏移量 ${next} 之前为止`,
  },
  'stream-chunk-written': {
    en: ({ stream, firstOffset, next }: Entry) =>
      `${stream} gets a chunk with the offsets ${firstOffset} to ${Number(next) - 1}`,
    zh: ({ stream, firstOffset, next }: Entry) =>
      `${stream} 写入一个 chunk，偏移量 ${firstOffset} 到 ${Number(next) - 1}`,
  },
  'stream-committed': {
    en: ({ stream, offset }: Entry) =>
      `${stream} is committed below ${offset}: a majority of its replicas has it`,
    zh: ({ stream, offset }: Entry) => `${stream} 在 ${offset} 之前的都已提交：多数副本都有了`,
  },
  'stream-truncated': {
    en: ({ stream, offset }: Entry) => `${stream} begins at ${offset} now; retention took the rest`,
    zh: ({ stream, offset }: Entry) => `${stream} 现在从 ${offset} 开始，更早的段已按保留策略删除`,
  },
  'stream-delivered': {
    en: ({ stream, consumer, offset }: Entry) =>
      `${consumer} is sent offset ${offset} of ${stream}, which keeps it`,
    zh: ({ stream, consumer, offset }: Entry) =>
      `${consumer} 收到 ${stream} 偏移量为 ${offset} 的消息，流里仍然保留`,
  },
} as const;

type Entry = Readonly<Record<string, unknown>>;
