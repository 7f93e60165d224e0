// Bundles each frontend/*.js and frontend/*.css into static/dist/ under its own name; folders hold shared modules.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(root, 'static', 'dist');

const entryPoints = (await readdir(here, { withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(js|css)$/.test(entry.name))
  .map((entry) => join(here, entry.name));

await mkdir(dist, { recursive: true });
const result = await build({
  entryPoints,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  chunkNames: 'chunks/[name]-[hash]',
  assetNames: 'assets/[name]-[hash]',
  loader: { '.svg': 'file', '.woff2': 'file', '.ttf': 'file' },
  minify: true,
  legalComments: 'none',
  metafile: true,
  absWorkingDir: root,
  logLevel: 'warning',
});

// Files of an earlier build go only now, so that pages being served keep theirs until the new ones are there.
const written = new Set(Object.keys(result.metafile.outputs));
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (entry.isFile() && !written.has(relative(root, path))) await rm(path);
}
