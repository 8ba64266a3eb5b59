/** Serves the built console: hashed assets for ever, `index.html` for every page of it and never from a cache. */
import express, { Router } from 'express';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `vite build` puts the console. */
export const CONSOLE_FILES = fileURLToPath(new URL('../../../console/dist', import.meta.url));

/** Paths that are never pages of the console. */
const NOT_PAGES = /^\/(api|enrol|graphql|assets|healthz|readyz|metrics)(\/|$)/i;

/** Nothing when the console was not built: its paths are then answered like any unknown one. */
export function consoleRoutes(files: string = CONSOLE_FILES): Router {
  const routes = Router();
  if (!existsSync(path.join(files, 'index.html'))) return routes;
  routes.use('/assets', express.static(path.join(files, 'assets'), { immutable: true, maxAge: '1y', index: false }));
  routes.use(express.static(files, { index: false, redirect: false, maxAge: 0 }));
  routes.get('/{*page}', (request, response, next) => {
    if (NOT_PAGES.test(request.path) || !request.accepts('html')) {
      next();
      return;
    }
    response.set('Cache-Control', 'no-cache').sendFile('index.html', { root: files, dotfiles: 'allow' });
  });
  return routes;
}
