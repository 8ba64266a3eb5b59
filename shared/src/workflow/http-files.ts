/**
 * `metadata.rpa` of `call: http` and `call: openapi`: files of the run in place of contents. The standard's `with` is not
 * ours to extend, so they stand beside it. Names and their lists may be expressions, as arguments may.
 */
import { z } from 'zod';
import { FileName } from './catalog/file-arguments.ts';
import { SaveAs } from './catalog/arguments.ts';
import { isTemplate } from './duration.ts';
import { TaskRpa } from './rpa.ts';

/** Files in one form. */
export const FORM_FILES = 50;

const formFile = z.union([
  FileName,
  z.strictObject({
    file: FileName,
    name: z.string().min(1).max(1_000).optional().describe('What it is called there: its own name unless given.'),
    mediaType: z.string().min(1).max(200).optional().describe("What it is: by its name's extension unless given."),
  }),
]);

/** How long a call with files may take when the document sets no timeout, milliseconds. */
export const FILE_CALL_TIMEOUT_MS = 120_000;

/** What a call does with files, names resolved. */
export const CallFiles = z.strictObject({
  saveAs: SaveAs.optional(),
  bodyFrom: FileName.optional(),
  formFiles: z
    .record(z.string().min(1).max(1_000), z.union([formFile, z.array(formFile).max(FORM_FILES)]))
    .optional()
    .describe('By the name of their field: a file or several.'),
});
export type CallFiles = z.infer<typeof CallFiles>;

const expression = z.string().max(20_000).refine(isTemplate, 'expected a `${ ... }` expression');
const orExpression = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, expression]);
const written = orExpression(FileName);
const writtenFile = z.union([
  written,
  z.strictObject({ file: written, name: z.string().optional(), mediaType: z.string().optional() }),
]);

/** As a document writes it: of an answer. */
const AnswerRpa = TaskRpa.extend({
  saveAs: orExpression(SaveAs)
    .optional()
    .describe(
      "Stores the answer's content as a file of the run; the output is then `{ request, statusCode, headers, file }`.",
    ),
});
/** And of the request. */
const HttpRpa = AnswerRpa.extend({
  bodyFrom: written.optional().describe("The request's content: a file, in place of `with.body`."),
  formFiles: orExpression(
    z.record(z.string().min(1).max(1_000), z.union([writtenFile, z.array(writtenFile).max(FORM_FILES)])),
  )
    .optional()
    .describe('Files of a multipart form, by the name of their field; `with.body` has its other fields.'),
});

export const HttpMetadata = z.looseObject({ rpa: HttpRpa.optional() });
export const OpenApiMetadata = z.looseObject({ rpa: AnswerRpa.optional() });
