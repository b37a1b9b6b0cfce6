/**
 * Goal: keys are read back by anyone who holds the password, in the format other wallets write, and by nobody else.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { decryptKey, devnetCost, encryptKey, openKey } from './keystore.ts'

/** From the Web3 Secret Storage Definition, "Scrypt" test vector (ethereum.org wiki, version 3; public domain). */
const vector = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262_144,
      p: 8,
      r: 1,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}

test('a file made elsewhere is read', async () => {
  const relaxed = { ...vector, crypto: { ...vector.crypto, kdfparams: { ...vector.crypto.kdfparams } } }
  const secret = await decryptKey(JSON.stringify(relaxed), 'testpassword')
  assert.equal(Buffer.from(secret).toString('hex'), '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d')
})

test('a key comes back with its password, and with no other', async () => {
  const secret = new Uint8Array(32).fill(9)
  const text = await encryptKey(secret, 'päss', devnetCost)
  assert.deepEqual(await decryptKey(text, 'päss'), secret)
  await assert.rejects(decryptKey(text, 'pass'), { code: 'GW_PASSWORD_WRONG' })
})

test('a stranger’s file cannot make us spend memory without bound', async () => {
  const greedy = { ...vector, crypto: { ...vector.crypto, kdfparams: { ...vector.crypto.kdfparams, n: 2 ** 30 } } }
  await assert.rejects(decryptKey(JSON.stringify(greedy), 'testpassword'), { code: 'GW_KEYSTORE_BROKEN' })
  await fc.assert(
    fc.asyncProperty(fc.json(), (text) => assert.rejects(decryptKey(text, 'x'), { code: 'GW_KEYSTORE_BROKEN' })),
    { numRuns: 50 },
  )
})

test('opening twice gives the same key, in files only their owner can read, without the secret in them', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundwork-keys-'))
  const options = { path: path.join(folder, 'a.json'), passwordPath: path.join(folder, 'a.password'), cost: devnetCost }
  const first = await openKey(options)
  assert.deepEqual(await openKey(options), first)
  assert.equal((await stat(options.path)).mode & 0o777, 0o600)
  assert.equal((await stat(options.passwordPath)).mode & 0o777, 0o600)
  assert.ok(!(await readFile(options.path, 'utf8')).includes(Buffer.from(first).toString('hex')))
  await rm(options.passwordPath)
  await assert.rejects(openKey(options), { code: 'GW_KEYSTORE_BROKEN' })
  await rm(folder, { recursive: true })
})
