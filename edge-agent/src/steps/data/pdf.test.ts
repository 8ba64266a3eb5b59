import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';
import { pdfOf } from './pdf-for-tests.ts';

let run: StepRun;
beforeAll(async () => {
  run = await newStepRun();
  await run.put('invoice.pdf', pdfOf(['Invoice INV-7 (copy)', 'Second page']));
});
afterAll(() => run.end());

describe('data.pdf.text', () => {
  test('reads the text page by page, and stores it when asked', async () => {
    const text = ['Invoice INV-7 (copy)', 'Second page'];
    expect(await run.call('data.pdf.text', { file: 'invoice.pdf' })).toEqual({ pages: 2, text });
    expect(await run.call('data.pdf.text', { file: 'invoice.pdf', from: 2 })).toEqual({ pages: 2, text: [text[1]] });
    expect(await run.call('data.pdf.text', { file: 'invoice.pdf', from: 3 })).toEqual({ pages: 2, text: [] });
    expect(await run.call('data.pdf.text', { file: 'invoice.pdf', to: 1, saveAs: 'invoice.txt' })).toMatchObject({
      pages: 2,
      text: [],
      file: { path: 'invoice.txt', mediaType: 'text/plain' },
    });
    expect(await run.text('invoice.txt')).toBe(text[0]);
  });

  test('what is no PDF is said to be none', async () => {
    await run.put('no.pdf', 'not a PDF');
    await expect(run.call('data.pdf.text', { file: 'no.pdf' })).rejects.toMatchObject({ code: 'PDF_BROKEN' });
  });

  test('ends with the step', async () => {
    const signal = AbortSignal.timeout(1);
    const read = run.call('data.pdf.text', { file: 'invoice.pdf' }, { signal });
    await expect(read).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
