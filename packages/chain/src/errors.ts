/**
 * What can go wrong between us and a chain, one class a cause. docs/errors.md lists the codes.
 *
 * A contract's own refusal keeps the name and arguments of its custom error; nothing here decides what to do about it.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** A contract refused the call: `errorName` and `args` are its decoded custom error. Nothing was sent. */
export class ChainRefused extends GroundworkError {
  readonly code = 'GW_CHAIN_REFUSED'
  readonly blame = 'caller'
  readonly errorName: string
  readonly args: readonly unknown[]

  constructor(
    { functionName, errorName, args }: { functionName: string; errorName: string; args: readonly unknown[] },
    options?: ErrorOptions,
  ) {
    super(
      `The chain refuses ${functionName}: ${errorName}(${args.map(String).join(', ')}).`,
      { functionName, errorName, args },
      options,
    )
    this.errorName = errorName
    this.args = args
  }
}

/** A transaction was mined and had no effect, though its simulation had passed. */
export class TransactionFailed extends GroundworkError {
  readonly code = 'GW_CHAIN_TRANSACTION_FAILED'
  readonly blame = 'caller'

  constructor(facts: { hash: string; blockNumber: bigint; reason: string }, options?: ErrorOptions) {
    super(`Transaction ${facts.hash} failed in block ${facts.blockNumber}: ${facts.reason}.`, facts, options)
  }
}

/** A transaction that we sent is no longer known to the chain: after a rollback, or replaced. Send it again. */
export class TransactionLost extends GroundworkError {
  readonly code = 'GW_CHAIN_TRANSACTION_LOST'
  readonly blame = 'host'

  constructor(facts: { hash: string; waitedMs: number }) {
    super(`The chain has not known transaction ${facts.hash} for ${facts.waitedMs} ms; it has to be sent again.`, facts)
  }
}

/** The endpoint did not answer, or not in its protocol. */
export class ChainUnreachable extends GroundworkError {
  readonly code = 'GW_CHAIN_UNREACHABLE'
  readonly blame = 'host'

  constructor(facts: { rpcUrl: string; reason: string }, options?: ErrorOptions) {
    super(`The chain at ${facts.rpcUrl} does not answer: ${facts.reason}.`, facts, options)
  }
}

/** The endpoint answered with an error that is no contract's, or with what cannot be an answer. Another try may pass. */
export class ChainFaulty extends GroundworkError {
  readonly code = 'GW_CHAIN_FAULTY'
  readonly blame = 'host'

  constructor(facts: { rpcUrl: string; functionName: string; reason: string }, options?: ErrorOptions) {
    super(
      `The chain at ${facts.rpcUrl} gives no usable answer to ${facts.functionName}: ${facts.reason}.`,
      facts,
      options,
    )
  }
}

/** Somebody else keeps sending from our account, so that no nonce stays ours. */
export class NonceContested extends GroundworkError {
  readonly code = 'GW_CHAIN_NONCE_CONTESTED'
  readonly blame = 'host'

  constructor(facts: { account: string; tries: number }, options?: ErrorOptions) {
    super(
      `Account ${facts.account} lost its nonce ${facts.tries} times; is another program using the same key?`,
      facts,
      options,
    )
  }
}

/** The sender cannot pay for gas. */
export class GasMissing extends GroundworkError {
  readonly code = 'GW_CHAIN_GAS_MISSING'
  readonly blame = 'caller'

  constructor(facts: { account: string }, options?: ErrorOptions) {
    super(`Account ${facts.account} has too little of the chain's coin to pay for gas.`, facts, options)
  }
}

/** A call that changes state was asked of a chain that was opened for reading only. */
export class AccountMissing extends GroundworkError {
  readonly code = 'GW_CHAIN_ACCOUNT_MISSING'
  readonly blame = 'caller'

  constructor(facts: { functionName: string }) {
    super(`${facts.functionName} needs an account; this connection was opened for reading.`, facts)
  }
}

/** The endpoint serves another chain than the deployment names. */
export class WrongChain extends GroundworkError {
  readonly code = 'GW_CHAIN_WRONG_CHAIN'
  readonly blame = 'caller'

  constructor(facts: { rpcUrl: string; expected: number; actual: number }) {
    super(`${facts.rpcUrl} serves chain ${facts.actual}, but the deployment is on chain ${facts.expected}.`, facts)
  }
}

/** A deployment file or address does not hold a deployment. */
export class DeploymentMalformed extends GroundworkError {
  readonly code = 'GW_CHAIN_DEPLOYMENT_MALFORMED'
  readonly blame = 'caller'

  constructor(facts: { source: string; reason: string }, options?: ErrorOptions) {
    super(`${facts.source} is no deployment: ${facts.reason}.`, facts, options)
  }
}

/** The chain has no complete deployment. */
export class DeploymentNotFound extends GroundworkError {
  readonly code = 'GW_CHAIN_DEPLOYMENT_NOT_FOUND'
  readonly blame = 'caller'

  constructor(facts: { rpcUrl: string }) {
    super(`The chain at ${facts.rpcUrl} carries no Groundwork deployment.`, facts)
  }
}

/** A contract of ours did not appear where its nonce puts it. */
export class DeploymentFailed extends GroundworkError {
  readonly code = 'GW_CHAIN_DEPLOYMENT_FAILED'
  readonly blame = 'host'

  constructor(facts: { contract: string; address: string; reason: string }, options?: ErrorOptions) {
    super(`${facts.contract} did not come up at ${facts.address}: ${facts.reason}.`, facts, options)
  }
}

/** There is no anvil program to start. */
export class AnvilMissing extends GroundworkError {
  readonly code = 'GW_CHAIN_ANVIL_MISSING'
  readonly blame = 'host'

  constructor(facts: { tried: readonly string[] }, options?: ErrorOptions) {
    super(
      `anvil is not installed (tried ${facts.tried.join(', ')}): run "npm ci" on Linux x64, or put anvil of Foundry 1.7 on the PATH.`,
      facts,
      options,
    )
  }
}

/** anvil ended, or did not come up. */
export class AnvilFailed extends GroundworkError {
  readonly code = 'GW_CHAIN_ANVIL_FAILED'
  readonly blame = 'host'

  constructor(facts: { reason: string; output: string }) {
    super(`anvil did not come up: ${facts.reason}.${facts.output === '' ? '' : ` It said: ${facts.output}`}`, facts)
  }
}

/** The index on disk belongs to another deployment or to a newer program. */
export class IndexForeign extends GroundworkError {
  readonly code = 'GW_CHAIN_INDEX_FOREIGN'
  readonly blame = 'caller'

  constructor(facts: { path: string; expected: string; actual: string }) {
    super(`${facts.path} indexes ${facts.actual}, not ${facts.expected}; remove the file to index anew.`, facts)
  }
}

/** The index on disk cannot be read as what it was. A cache: nothing is lost with it. */
export class IndexDamaged extends GroundworkError {
  readonly code = 'GW_CHAIN_INDEX_DAMAGED'
  readonly blame = 'host'

  constructor(facts: { path: string; reason: string }, options?: ErrorOptions) {
    super(`${facts.path} is damaged (${facts.reason}); remove the file to index anew.`, facts, options)
  }
}

/** The index takes no writes now: the disk is full, or another program holds the file. */
export class IndexUnwritable extends GroundworkError {
  readonly code = 'GW_CHAIN_INDEX_UNWRITABLE'
  readonly blame = 'host'

  constructor(facts: { path: string; reason: string }, options?: ErrorOptions) {
    super(`${facts.path} cannot be written now (${facts.reason}); make room, or end who else holds it.`, facts, options)
  }
}

/** An outbox of a newer program, or a file that is none. It holds promises: it is never removed by itself. */
export class OutboxForeign extends GroundworkError {
  readonly code = 'GW_CHAIN_OUTBOX_FOREIGN'
  readonly blame = 'caller'

  constructor(facts: { path: string; reason: string }, options?: ErrorOptions) {
    super(
      `${facts.path} is no outbox that this program can read (${facts.reason}). It may hold promises: use the program that wrote it, or restore it; remove it only when nothing in it matters.`,
      facts,
      options,
    )
  }
}

/** A keeper hands in only what carries the signature of whom it is for. */
export class NotRelayed extends GroundworkError {
  readonly code = 'GW_CHAIN_NOT_RELAYED'
  readonly blame = 'caller'

  constructor(facts: { functionName: string }) {
    super(`A keeper does not hand in ${facts.functionName} for others.`, facts)
  }
}
