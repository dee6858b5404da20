"""How well does the retriever find? LlamaIndex's own `RetrieverEvaluator`, by the ids of memories.

Run it with `.venv/bin/python cookbook/llama_index_evaluation.py`. Each question names the memory that answers it; the
figures are of this little set, to show how it is done, and say nothing about memx.
"""

from __future__ import annotations

import asyncio
from statistics import mean
from tempfile import TemporaryDirectory

from llama_index.core.evaluation import RetrieverEvaluator

from llama_index_memx import MemxRetriever
from memx_core import Memory

FACTS = {
    "Alice is allergic to peanuts": "Which nuts make her ill?",
    "Alice lives in Bergen": "In which city does she have her home?",
    "Alice works as a nurse on night shifts": "What is her job?",
    "Alice has a beagle called Figaro": "What's the name of her dog?",
    "Alice is learning to play the cello": "Which instrument does she practise?",
    "Alice's sister Ines moved to Lisbon in March": "Where did Ines go?",
    "Alice's favourite tea is lapsang souchong": "What does she like to drink?",
    "Alice ran her first half marathon in Berlin": "Which race did she take part in?",
}


async def main() -> None:
    """Keeps the facts as they are, asks for each, and compares."""
    with TemporaryDirectory() as folder, Memory(database=f"{folder}/memx.db") as store:
        alice = store.scoped(user_id="alice")
        ids = {}
        for fact, question in FACTS.items():
            (change,) = (await alice.aadd(fact, infer=False)).changes
            ids[question] = change.memory_id

        retriever = MemxRetriever(memory=store, user_id="alice", similarity_top_k=3)
        evaluator = RetrieverEvaluator.from_metric_names(["hit_rate", "mrr"], retriever=retriever)
        results = []
        for question, memory_id in ids.items():
            result = await evaluator.aevaluate(question, [memory_id])
            results.append(result.metric_vals_dict)
            found = ", ".join(f"{name} {value:.2f}" for name, value in result.metric_vals_dict.items())
            print(f"{question:40} {found}")
        for name in ("hit_rate", "mrr"):
            print(f"{name}: {mean(result[name] for result in results):.2f} over {len(results)} questions")
        assert mean(result["hit_rate"] for result in results) >= 0.75


if __name__ == "__main__":
    asyncio.run(main())
