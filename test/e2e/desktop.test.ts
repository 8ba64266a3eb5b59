/**
 * A desktop job from the control plane to a real application and back: the agent proves that it can run such jobs, gives
 * the run a display of its own, types into an editor, reads back, saves, and what it saw is in the job's record.
 */
import type { Job } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import type { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { Gate } from '../support/gate.ts';
import { startStack, until, type Stack } from '../support/stack.ts';

type Json = z.core.util.JSONType;

const reason = await desktopPrograms('mousepad');
const TEXT = 'Größe: 5 µm';
const EDITOR = 'window /Mousepad$/';
const PAGE = `${EDITOR} >> textbox :nth(1)`;
const SAVING = 'window "Save As"';
const SAVED = 'window /note.txt - Mousepad$/';

const call = (name: string, args: Record<string, Json>) => ({ call: name, with: args });
const WORKFLOW: Record<string, Json> = {
  document: {
    ...{ dsl: '1.0.3', namespace: 'test', name: 'editor', version: '1.0.0' },
    metadata: { rpa: { record: { screenshots: 'always', accessibility: 'always' } } },
  },
  timeout: { after: { seconds: 60 } },
  do: [
    {
      open: call('desktop.open', {
        ...{ app: 'mousepad', args: ['--disable-server'], window: EDITOR },
        screen: { width: 1_000, height: 700 },
      }),
    },
    { write: call('desktop.type', { target: PAGE, text: '${ $workflow.input.text }' }) },
    { readBack: { ...call('desktop.text', { target: PAGE }), export: { as: '{ typed: . }' } } },
    { saveAs: call('desktop.click', { target: 'menuitem "Save As..."', expect: { visible: SAVING } }) },
    { name: call('desktop.setValue', { target: `${SAVING} >> textbox "Name"`, value: 'note.txt' }) },
    { save: call('desktop.click', { target: `${SAVING} >> button "Save"`, expect: { gone: SAVING, visible: SAVED } }) },
    { picture: call('desktop.screenshot', { target: SAVED, saveAs: 'editor.png' }) },
    { close: call('desktop.close', {}) },
    {
      file: { ...call('data.text.read', { file: 'note.txt' }), output: { as: '{ saved: ., typed: $context.typed }' } },
    },
  ],
};

describe.skipIf(reason !== null)(skipName('a desktop job', reason), () => {
  let stack: Stack;
  let job: Job;
  beforeAll(async () => {
    stack = await startStack(new Gate(0));
    const { client } = stack;
    await until('the agent proving that it can run desktop jobs', 60_000, async () => {
      const { items } = await client.call(api.agents.list, {});
      return items.some(({ capabilities }) => capabilities.includes('desktop'));
    });
    const { id: workflow } = await client.call(api.workflows.push, { body: WORKFLOW });
    const { id } = await client.call(api.jobs.submit, { body: { workflow, input: { text: TEXT } } });
    job = await stack.over(id);
  });
  afterAll(() => stack.stop());

  test('types into an application, reads back and saves a file', () => {
    expect({ state: job.state, error: job.error }).toEqual({ state: 'succeeded', error: null });
    expect(job.output).toEqual({ typed: TEXT, saved: TEXT });
  });

  test('its record says which windows it saw, and shows them', async () => {
    const steps = await stack.steps(job.id);
    const of = (name: string) => steps.find((step) => step.name === name);
    expect(of('write')).toMatchObject({
      state: 'completed',
      seen: { target: { selector: PAGE, matches: 1 }, window: { title: expect.stringMatching(/Mousepad$/) as string } },
    });
    expect(of('save')?.seen?.window).toEqual({
      title: expect.stringMatching(/note\.txt - Mousepad$/) as string,
      application: '/usr/bin/mousepad',
    });
    const files = await stack.files(job.id);
    const pictures = files.filter(({ kind }) => kind === 'screenshot');
    const named = (pattern: RegExp) => files.filter(({ name }) => pattern.test(name));
    for (const step of ['write', 'save']) {
      expect(named(new RegExp(`${step}-\\w+/(before|after)\\.png$`))).toHaveLength(2);
    }
    for (const { id } of pictures) {
      const png = await stack.bytes(id);
      expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    }
    const [after] = named(/save-\w+\/after\.png$/);
    const screen = await stack.bytes(after!.id);
    expect([screen.readUInt32BE(16), screen.readUInt32BE(20)]).toEqual([1_000, 700]);
    const [tree] = named(/saveAs-\w+\/snapshot\.txt$/);
    expect((await stack.bytes(tree!.id)).toString()).toContain('button "Save"');
    expect(named(/^editor\.png$/)).toHaveLength(1);
  });
});
