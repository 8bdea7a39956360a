"""Keys that everybody knows are for chains that nobody needs."""

from __future__ import annotations

import pytest
from eth_account import Account

from rakkan.registry.ledger.devchain import LOCAL_CHAIN_ID, refuse_public_key
from rakkan.schemas.errors import Refused
from rakkan.schemas.identity import Address

MNEMONIC = "test " * 11 + "junk"


def test_all_accounts_of_the_test_mnemonic_are_refused_elsewhere() -> None:
    Account.enable_unaudited_hdwallet_features()
    for index in range(20):
        account = Address.parse(
            Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}").address
        )
        with pytest.raises(Refused) as caught:
            refuse_public_key(account, 1)
        assert caught.value.code == "dev-key"
        refuse_public_key(account, LOCAL_CHAIN_ID)


def test_other_accounts_pass() -> None:
    refuse_public_key(Address(b"\x07" * 20), 1)
