/** The guides of docs/api, followed to the letter against a real control plane: what they show is what happens. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { blocksOf, follow } from '../support/guide.ts';
import { ROOT } from '../support/program.ts';

const FOLDER = path.join(ROOT, 'docs/api');
/** Its examples have a test of their own: `control-plane/src/graphql/docs.test.ts`. */
const ELSEWHERE = 'graphql.md';
const pages = (await readdir(FOLDER)).filter((name) => name.endsWith('.md') && name !== ELSEWHERE);

let plane: TestControlPlane;
let folder: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-guide-'));
});
afterAll(async () => {
  await plane.close();
  await rm(folder, { recursive: true, force: true });
});

test.each(pages)('%s', async (page) => {
  const blocks = blocksOf(await readFile(path.join(FOLDER, page), 'utf8'));
  expect(blocks.length).toBeGreaterThan(0);
  // A tenant for each page: what one does is not seen by another.
  const key = await plane.keyOf('owner', path.basename(page, '.md').toLowerCase());
  await follow(blocks, { CASARE_URL: plane.url, CASARE_API_KEY: key }, folder);
});

describe('a page is not as it says when', () => {
  const fence = (kind: string, text: string) => `\`\`\`${kind}\n${text}\n\`\`\`\n`;
  const followed = async (...parts: string[]) => follow(blocksOf(parts.join('\n')), {}, folder);

  test.each([
    ['a value is another one', `echo '{"a": 1}'`, '{"a": 2}', 'answer.a is 1'],
    ['there is more', `echo '{"a": 1, "b": 2}'`, '{"a": 1}', 'also b'],
    ['there is less', `echo '{}'`, '{"a": "…"}', 'no a'],
  ])('%s', async (_, script, answer, fault) => {
    await expect(followed(fence('bash', script), fence('json', answer))).rejects.toThrow(fault);
  });

  test('a command fails, or a block would not be executed', async () => {
    await expect(followed(fence('bash', 'false'))).rejects.toThrow('fails');
    await expect(followed(fence('yaml', 'a: 1'))).rejects.toThrow('neither executed');
    await expect(followed(fence('bash', 'echo a'), fence('text', 'b'))).rejects.toThrow('another');
  });

  test('else it is', async () => {
    const taken = fence('bash', `echo '{"id": "x", "n": 1}'`) + fence('json', '{"id": "$ID", "…": "…"}');
    await followed(taken, fence('bash', 'echo "id $ID."'), fence('text', 'id …x.'));
  });
});
