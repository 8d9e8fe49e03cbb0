/**
 * `npm start` and what it is made of: the static server, the port, the stop.
 */
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { findBrowser } from './browser.ts';
import { serveStatic } from '../../web/serve/static.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const site = inject('site');

/** The status of a path that no URL parser has tidied. */
function rawStatus(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(site);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** It builds the site first, which takes a busy machine its time. */
const BUILD_MS = 240_000;

describe('web: static server', () => {
  test('a folder without its slash is redirected, a missing file gets the 404 page', async () => {
    const folder = await fetch(`${site}en`, { redirect: 'manual' });
    expect([folder.status, folder.headers.get('location')]).toEqual([301, '/en/']);
    const missing = await fetch(`${site}no/such/page`);
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('404')]);
  });

  test('text is packed for who takes it, and the same for who does not', async () => {
    const encodings = ['gzip, br', 'identity'];
    const [packed, plain] = await Promise.all(
      encodings.map((encoding) => fetch(site, { headers: { 'accept-encoding': encoding } })),
    );
    expect(packed?.headers.get('content-encoding')).toBe('gzip');
    expect(packed?.headers.get('vary')).toBe('accept-encoding');
    expect(plain?.headers.get('content-encoding')).toBeNull();
    expect(await packed?.text()).toBe(await plain?.text());
  });

  test('nothing outside the folder is served', async () => {
    expect(await rawStatus('/../package.json')).toBe(404);
    expect(await rawStatus('/%2e%2e/package.json')).toBe(404);
    expect(await rawStatus('/..%2fpackage.json')).toBe(404);
    expect(await rawStatus('/%')).toBe(400);
  });

  test('a taken port is followed by the next free one, unless it was asked for', async () => {
    const taken = Number(new URL(site).port);
    const next = await serveStatic({ folder: inject('dist'), port: taken });
    expect(Number(new URL(next.address).port)).toBeGreaterThan(taken);
    await next.close();
    const exact = serveStatic({ folder: inject('dist'), port: taken, exact: true });
    await expect(exact).rejects.toThrow('EADDRINUSE');
  });
});

describe('web: npm start', () => {
  test(
    'prints its address, serves the workbook, and stops cleanly on Ctrl-C',
    { timeout: BUILD_MS },
    async () => {
      const child = spawn(process.execPath, ['web/serve/start.mjs', '--port', '0'], { cwd: ROOT });
      const closed = new Promise((resolve) => child.on('close', resolve));
      const address = await new Promise<string>((resolve, reject) => {
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0];
          if (found !== undefined) resolve(found);
        });
        child.on('close', () => reject(new Error(`it ended: ${output}`)));
      });
      expect(await (await fetch(address)).text()).toContain('Highwater');
      child.kill('SIGINT');
      expect(await closed).toBe(0);
    },
  );

  test('a port that is none is refused with a sentence', async () => {
    const child = spawn(process.execPath, ['web/serve/start.mjs', '--port', 'x'], { cwd: ROOT });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2);
    expect(output).toContain('--port takes a number');
  });
});

describe('web: finding a browser', () => {
  test('a browser that is named but not there is an error, not a skip', async () => {
    await expect(findBrowser('/no/such/browser')).rejects.toThrow('names no file');
  });
});
