/**
 * Goal: a path that would lead out of an object, or be lost in it, is refused with why; every bound is reached.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathBytesMax, pathFault, pathNamesMax, putPaths } from './put-paths.ts'

test('a path is names with a slash between them, and leads nowhere else', () => {
  for (const path of ['a', 'a/b', '..a/b..', 'a\\b', 'ä/名', ' ', '.hidden'])
    assert.equal(pathFault(path), undefined, path)
  const wrong = ['', '/', '/a', '..', 'a/..', 'a/../b', 'a//b', 'a/', './a', 'a/.', 'a\0b', 'bad\uFFFD', 'a\\/b']
  for (const path of wrong) assert.notEqual(pathFault(path), undefined, path)
})

test('length counts bytes and depth counts names, both inclusive', () => {
  assert.equal(pathFault('ä'.repeat(pathBytesMax / 2)), undefined)
  assert.match(pathFault(`${'ä'.repeat(pathBytesMax / 2)}x`) ?? '', /4096 bytes/)
  const deep = Array.from({ length: pathNamesMax }, () => 'x')
  assert.equal(pathFault(deep.join('/')), undefined)
  assert.match(pathFault([...deep, 'x'].join('/')) ?? '', /128 folders deep/)
})

test('no path comes twice, and none is a file and a folder, in whatever order', () => {
  const after = (...files: string[]): string | undefined => {
    const paths = putPaths()
    return files.map((file) => paths.addFile(file)).find((fault) => fault !== undefined)
  }
  assert.equal(after('a', 'b', 'c/a', 'c/b', 'c/d/e', 'c/f'), undefined)
  assert.match(after('a', 'b', 'a') ?? '', /twice/)
  assert.match(after('a', 'a/b') ?? '', /a file and a folder/)
  assert.match(after('x/a/b', 'x/a') ?? '', /a file and a folder/)
  assert.match(after('x/a', 'x/a/b/c/d') ?? '', /a file and a folder/)
})

test('folders, and the bytes of all paths, are bounded', () => {
  const few = putPaths({ folderCountMax: 2 })
  assert.equal(few.addFile('a/b/one'), undefined)
  assert.match(few.addFile('a/b/c/two') ?? '', /more than 2 folders/)
  const short = putPaths({ bytesMax: 10 })
  assert.equal(short.addFile('12345'), undefined)
  assert.equal(short.addFolder('67890'), undefined)
  assert.equal(short.addFolder('67890'), undefined)
  assert.match(short.addFile('1') ?? '', /10 bytes together/)
})

test('folders without a file are counted, also those that are named after their files', () => {
  const paths = putPaths()
  paths.addFolder('full')
  paths.addFile('full/inner/file')
  paths.addFolder('full/inner')
  paths.addFolder('empty')
  paths.addFolder('full/hollow')
  assert.equal(paths.emptyFolderCount(), 2)
})
