//! TagOptions: tags that launches may or must carry.
