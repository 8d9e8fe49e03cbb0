/**
 * The words of the picture of how a file gets from the disk to the card, in both languages. They
 * are loaded with the picture.
 */
import type { FileTransferView, TransferWay } from '#engine/lab/file-transfer.ts';
import type { Lang } from '../lesson/content.ts';

type Path = FileTransferView['path'];

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const en = {
  disk: 'disk',
  kernel: 'kernel',
  cache: 'page cache',
  socket: 'socket buffer',
  user: 'user space',
  card: 'network card',
  cpu: 'CPU copies',
  dma: 'DMA',
  mapped: 'mapped: no copy',
  encrypts: (bytes: string) => `encrypts ${bytes}`,
  path: {
    'read-write': 'read and write',
    'mmap-write': 'mmap and write',
    sendfile: 'sendfile',
  } satisfies Record<Path, string>,
  withTls: (path: string) => `${path}, with TLS`,
  counts: {
    sent: 'sent',
    copied: 'copied by the processor',
    moved: 'moved by devices',
    syscalls: 'system calls',
    switches: 'switches between user and kernel mode',
    faults: 'page faults',
  },
  way: {
    'disk-cache': 'disk to page cache by DMA',
    'cache-user': 'page cache to user space by the processor',
    'user-socket': 'user space to socket buffer by the processor',
    'cache-socket': 'page cache to socket buffer by the processor',
    'socket-card': 'socket buffer to network card by DMA',
    'cache-card': 'page cache to network card by DMA',
  } satisfies Record<TransferWay, string>,
  sentence: (path: string, fetches: number, ways: readonly string[]) =>
    `Sent by ${path}, ${plural(fetches, 'fetch answer')} so far. ${ways.join('; ')}.`,
  bytesOn: (bytes: string, way: string) => `${bytes} from ${way}`,
};

type TransferMessages = typeof en;

const zh: TransferMessages = {
  disk: '磁盘',
  kernel: '内核',
  cache: '页缓存',
  socket: 'socket 缓冲',
  user: '用户态',
  card: '网卡',
  cpu: 'CPU 拷贝',
  dma: 'DMA',
  mapped: '映射：不拷贝',
  encrypts: (bytes) => `加密 ${bytes}`,
  path: { 'read-write': 'read 加 write', 'mmap-write': 'mmap 加 write', sendfile: 'sendfile' },
  withTls: (path) => `${path}，启用 TLS`,
  counts: {
    sent: '已发送',
    copied: 'CPU 拷贝',
    moved: '设备搬运',
    syscalls: '系统调用',
    switches: '用户态与内核态的切换',
    faults: '缺页',
  },
  way: {
    'disk-cache': '磁盘到页缓存（DMA）',
    'cache-user': '页缓存到用户态（CPU）',
    'user-socket': '用户态到 socket 缓冲（CPU）',
    'cache-socket': '页缓存到 socket 缓冲（CPU）',
    'socket-card': 'socket 缓冲到网卡（DMA）',
    'cache-card': '页缓存到网卡（DMA）',
  },
  sentence: (path, fetches, ways) =>
    `发送方式：${path}，目前已响应拉取 ${fetches} 次。${ways.join('；')}。`,
  bytesOn: (bytes, way) => `${way} ${bytes}`,
};

export const TRANSFER_MESSAGES: Readonly<Record<Lang, TransferMessages>> = { en, zh };
