// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bonds} from "../src/Bonds.sol";
import {Credits} from "../src/Credits.sol";
import {DataSets} from "../src/DataSets.sol";
import {Epochs} from "../src/Epochs.sol";
import {Guard} from "../src/Guard.sol";
import {Holds} from "../src/Holds.sol";
import {ReceiptJudge} from "../src/judges/ReceiptJudge.sol";
import {StorageJudge} from "../src/judges/StorageJudge.sol";
import {SumJudge} from "../src/judges/SumJudge.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {PriceFeed} from "../src/PriceFeed.sol";
import {Rails} from "../src/Rails.sol";
import {Registry} from "../src/Registry.sol";
import {Routes} from "../src/Routes.sol";
import {WorkToken} from "../src/WorkToken.sol";
import {Predicted} from "./Harness.sol";

/// @notice All fourteen contracts, deployed in the order of docs/protocol/deployment.md#order by whoever inherits this.
abstract contract DeployAll is Predicted {
    function deployAll(Parameters memory p) internal returns (Addresses memory made) {
        Addresses memory a = predict(address(this));
        made.guard = address(new Guard(a, p, NAME));
        made.workToken = address(new WorkToken(a, genesis(), BOOTSTRAP_MAX));
        made.priceFeed = address(new PriceFeed(a, p, posterSet()));
        made.credits = address(new Credits(a, p));
        made.rails = address(new Rails(a, p));
        made.bonds = address(new Bonds(a, p));
        made.registry = address(new Registry());
        made.dataSets = address(new DataSets(a));
        made.epochs = address(new Epochs(a, p));
        made.storageJudge = address(new StorageJudge(a, p));
        made.sumJudge = address(new SumJudge(a, p));
        made.receiptJudge = address(new ReceiptJudge(a));
        made.routes = address(new Routes());
        made.holds = address(new Holds(a, p));
        equal(keccak256(abi.encode(a)), keccak256(abi.encode(made)));
    }
}
