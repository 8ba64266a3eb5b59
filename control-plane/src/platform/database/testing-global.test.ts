import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { killHard, Scene } from './embedded/testing-scene.ts';
import { isAlive, untilEnded } from './embedded/process.ts';
import { sweep } from './testing-global.ts';

describe('sweep', () => {
  it('stops and removes what a killed run left, and leaves a living run and other directories alone', async () => {
    const scene = new Scene();
    const place = await scene.directory();
    const [dead, living] = [join(place, 'casare-vitest-postgres-dead'), join(place, 'casare-vitest-postgres-live')];
    const other = join(place, 'casare-test-home-x');
    const killed = await scene.startChild(dead);
    const running = await scene.startChild(living);
    const third = await scene.startChild(other);
    await killHard(killed.process);
    await killHard(third.process);
    if (killed.first.kind !== 'ready' || running.first.kind !== 'ready') throw new Error('no servers');
    for (const directory of [dead, living, other]) await utimes(directory, 0, 0);

    await sweep(place);

    expect((await readdir(place)).sort()).toEqual(['casare-test-home-x', 'casare-vitest-postgres-live']);
    expect(await untilEnded(killed.first.pid, 0)).toBe(true);
    expect(isAlive(running.first.pid)).toBe(true);
    await running.stop();
    await scene.end();
  });
});
