SELECT system_count, system_head FROM state
