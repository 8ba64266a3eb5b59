/** `data.hash`: the digest of a file or of a text. */
import { createHash } from 'node:crypto';
import { DATA_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { openFile } from '../run-files.ts';

export const hashStep: Step = executor(
  DATA_STEPS.hash,
  async ({ file, text = '', algorithm = 'sha256', encoding = 'hex' }, context) => {
    const hash = createHash(algorithm);
    if (file === undefined) hash.update(text, 'utf8');
    let bytes = Buffer.byteLength(text);
    if (file !== undefined) {
      await using opened = await openFile(context, file);
      for await (const piece of opened.pieces()) {
        hash.update(piece);
        bytes += piece.length;
      }
    }
    return { algorithm, digest: hash.digest(encoding), bytes };
  },
);
