import { readFileSync } from 'node:fs';
import { Capability, isProbed } from '@casare/shared/protocol';
import { expect, test } from 'vitest';
import { platformCapabilities } from './machine.ts';

test('what a machine can do says its agent’s version, in labels that the protocol takes', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const labels = platformCapabilities();
  expect(labels).toContain(`agent.version=${version}`);
  expect(labels.filter((label) => Capability.safeParse(label).success && isProbed(label))).toEqual(labels);
});
