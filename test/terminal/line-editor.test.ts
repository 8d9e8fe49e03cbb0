/** The keys of the line that is typed, and how it is drawn over rows of cells. */
import { describe, expect, test } from 'vitest';
import { cellsOf, placeAfter } from '../../web/terminal/cells.ts';
import { LineEditor } from '../../web/terminal/line-editor.ts';
import { harmless, inColumns, LineView } from '../../web/terminal/line-view.ts';

const UP = '\x1b[A';
const DOWN = '\x1b[B';
const LEFT = '\x1b[D';

function typed(...data: string[]): LineEditor {
  const editor = new LineEditor();
  for (const one of data) editor.take(one);
  return editor;
}

describe('terminal: line editor', () => {
  test('a line is submitted by Enter, and the next one is empty', () => {
    const editor = new LineEditor();
    expect(editor.take('ls\r')).toEqual([{ act: 'submit', text: 'ls' }]);
    expect(editor.text).toBe('');
  });

  test('several pasted lines are submitted in order, and the last stays to be typed on', () => {
    const editor = typed('ec');
    const acts = editor.take('ho a\r\necho b\necho c');
    expect(acts.map((one) => (one.act === 'submit' ? one.text : one.act))).toEqual([
      'echo a',
      'echo b',
    ]);
    expect(editor.text).toBe('echo c');
  });

  test('up and down go through the history, and come back to what was begun', () => {
    const editor = typed('one\r', 'two\r', 'thr', UP);
    expect(editor.text).toBe('two');
    editor.take(UP + UP);
    expect(editor.text).toBe('one');
    editor.take(DOWN + DOWN);
    expect(editor.text).toBe('thr');
  });

  test('a line that is repeated stands in the history once, an empty one never', () => {
    expect(typed('a\r', 'a\r', '\r', ' \r', 'b\r').history).toEqual(['a', 'b']);
  });

  test('keys move by characters, by words and to the ends', () => {
    const editor = typed('kafka topics list');
    const moved: number[] = [];
    for (const key of ['\x01', '\x1b[1;5C', '\x1bf', '\x05', '\x1b[1;5D', LEFT, '\x1bOH']) {
      editor.take(key);
      moved.push(editor.cursor);
    }
    expect(moved).toEqual([0, 5, 12, 17, 13, 12, 0]);
  });

  test('Ctrl-U, Ctrl-K and Ctrl-W cut, and Ctrl-Y puts back what was cut last', () => {
    const cut = (key: string, at: string) => typed('one two three', at, key).text;
    expect(cut('\x17', '\x05')).toBe('one two ');
    expect(cut('\x15', '\x1b[1;5D')).toBe('three');
    expect(cut('\x0b', '\x01')).toBe('');
    expect(typed('one two', '\x17', '\x01', '\x19').text).toBe('twoone ');
  });

  test('Ctrl-C gives the line up; Ctrl-D ends the input of an empty one, else it deletes', () => {
    const editor = typed('abc');
    expect(editor.take('\x03')).toEqual([{ act: 'interrupt' }]);
    expect(editor.text).toBe('');
    expect(editor.take('\x04')).toEqual([{ act: 'end of input' }]);
    expect(typed('abc', '\x01', '\x04').text).toBe('bc');
  });

  test('what an input method gives is inserted as a whole, by characters and not by halves', () => {
    const editor = typed('echo ', '订单𠮷', LEFT, '\x7f');
    expect(editor.text).toBe('echo 订𠮷');
    expect(editor.cursor).toBe(6);
  });

  test('a Tab completes; one of a paste is a character', () => {
    const editor = typed('a');
    expect(editor.take('\t')).toEqual([{ act: 'complete' }]);
    expect(editor.take('b\tc')).toEqual([]);
    expect(editor.text).toBe('ab\tc');
  });

  test('a key that it does not know changes nothing', () => {
    expect(typed('a', '\x1b[15~', '\x1b[1;2P', '\x07', 'b').text).toBe('ab');
  });

  test('a completion puts what all words share; where they share no more they are listed', () => {
    const editor = typed('crash br');
    expect(editor.complete(6, ['broker-1', 'broker-2'], 'broker-')).toBe(true);
    expect(editor.text).toBe('crash broker-');
    expect(editor.complete(6, ['broker-1', 'broker-2'], 'broker-')).toBe(false);
    editor.take('2');
    expect(editor.complete(6, ['broker-2'], 'broker-2')).toBe(true);
    expect(editor.text).toBe('crash broker-2 ');
  });
});

describe('terminal: cells', () => {
  test('Han and full-width characters take two cells, marks that combine none', () => {
    expect(['a', '订', '，', 'é'.normalize('NFD')[1]!, '𠮷'].map(cellsOf)).toEqual([1, 2, 2, 0, 2]);
  });

  test('a wide character that finds one cell left goes to the next row', () => {
    expect(placeAfter([...'abc订'], 4)).toEqual({ row: 1, column: 2 });
    expect(placeAfter([...'ab订'], 4)).toEqual({ row: 1, column: 0 });
  });

  test('a line of several rows is erased from its first row on', () => {
    const view = new LineView();
    const plain = (prompt: string) => prompt;
    const line = { prompt: '$ ', chars: [...'abcdef'], cursor: 6 };
    expect(view.draw(line, 5, plain)).toBe('\r\x1b[J$ abcdef\r\x1b[3C');
    expect(view.erase()).toBe('\x1b[1A\r\x1b[J');
  });

  test('the cursor stands within the line, over rows', () => {
    const drawn = new LineView().draw({ prompt: '', chars: [...'abcdef'], cursor: 1 }, 4, String);
    expect(drawn).toBe('\r\x1b[Jabcdef\x1b[1A\r\x1b[1C');
  });

  test('what is printed does not steer the terminal', () => {
    expect(harmless('a\x1b[2Jb\tc')).toBe('a^[[2Jb\tc');
  });

  test('words are listed down, then across', () => {
    expect(inColumns(['a', 'b', 'c'], 7)).toEqual(['a  c', 'b']);
  });
});
