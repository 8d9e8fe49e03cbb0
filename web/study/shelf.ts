/**
 * What a reader has done, kept in this browser: the memory of each card, the settings, the
 * interviews. IndexedDB behind four calls. A browser that refuses it (some private windows do)
 * gets a shelf that lasts as long as the page, and `lasts` says so.
 *
 * Not here: what a card's memory is (`schedule.ts`), and the file that it can be taken away in
 * (`backup.ts`).
 */
const NAME = 'highwater';
const VERSION = 1;
const BOARDS = ['memories', 'settings', 'interviews'] as const;

/** What stands together; each thing on it is plain data with an id of its own. */
export type Board = (typeof BOARDS)[number];

interface Item {
  readonly id: string;
}

export interface Shelf {
  /** Whether things are still there after the page is closed. */
  readonly lasts: boolean;
  all<T extends Item>(board: Board): Promise<T[]>;
  put(board: Board, items: readonly Item[]): Promise<void>;
  remove(board: Board, id: string): Promise<void>;
  clear(): Promise<void>;
}

export async function openShelf(): Promise<Shelf> {
  try {
    return onDisk(await openDatabase());
  } catch {
    return inPage();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, VERSION);
    opening.onupgradeneeded = () => {
      for (const board of BOARDS) opening.result.createObjectStore(board, { keyPath: 'id' });
    };
    opening.onerror = () => reject(opening.error ?? new Error('IndexedDB cannot be opened'));
    opening.onsuccess = () => {
      // a newer site in another tab must not wait for this one
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
  });
}

function onDisk(database: IDBDatabase): Shelf {
  const change = (boards: readonly Board[], make: (transaction: IDBTransaction) => void) =>
    new Promise<void>((resolve, reject) => {
      const transaction = database.transaction(boards, 'readwrite');
      transaction.oncomplete = () => resolve();
      const fail = () => reject(transaction.error ?? new Error('IndexedDB gave up'));
      transaction.onerror = fail;
      transaction.onabort = fail;
      make(transaction);
    });
  return {
    lasts: true,
    all: <T extends Item>(board: Board) =>
      new Promise<T[]>((resolve, reject) => {
        const reading = database.transaction(board).objectStore(board).getAll();
        reading.onsuccess = () => resolve(reading.result as T[]);
        reading.onerror = () => reject(reading.error ?? new Error('IndexedDB cannot be read'));
      }),
    put: (board, items) =>
      change([board], (transaction) => {
        for (const item of items) transaction.objectStore(board).put(item);
      }),
    remove: (board, id) =>
      change([board], (transaction) => {
        transaction.objectStore(board).delete(id);
      }),
    clear: () =>
      change(BOARDS, (transaction) => {
        for (const board of BOARDS) transaction.objectStore(board).clear();
      }),
  };
}

function inPage(): Shelf {
  const boards = new Map(BOARDS.map((board) => [board, new Map<string, Item>()] as const));
  const at = (board: Board) => boards.get(board) ?? new Map<string, Item>();
  return {
    lasts: false,
    all: <T extends Item>(board: Board) => Promise.resolve([...at(board).values()] as T[]),
    put: (board, items) => {
      for (const item of items) at(board).set(item.id, item);
      return Promise.resolve();
    },
    remove: (board, id) => {
      at(board).delete(id);
      return Promise.resolve();
    },
    clear: () => {
      for (const board of BOARDS) at(board).clear();
      return Promise.resolve();
    },
  };
}
